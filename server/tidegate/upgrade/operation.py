"""Operation ids: what one deed of one upgrade on one instance is called, for ever."""

from __future__ import annotations


def upgrade_operation(upgrade_id: str, instance_id: str) -> str:
    """The operation that brings the instance to its targets."""
    return f"{upgrade_id}/{instance_id}/upgrade"


def restore_operation(upgrade_id: str, instance_id: str) -> str:
    """The operation that brings the instance back to its previous versions."""
    return f"{upgrade_id}/{instance_id}/restore"
