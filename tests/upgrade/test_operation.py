"""Operation ids name one deed on one instance for ever, so they never change from version to version."""

from tidegate.upgrade.operation import restore_operation, upgrade_operation


def test_an_operation_is_named_by_upgrade_instance_and_deed() -> None:
    assert upgrade_operation("u1", "web_7") == "u1/web_7/upgrade"
    assert restore_operation("u1", "web_7") == "u1/web_7/restore"
