"""When, within a rolling upgrade, the halt rules are asked."""

from __future__ import annotations

import enum


class Moment(enum.Enum):
    """The value is the word that a policy writes after `at:`."""

    BEFORE_BATCH = "beforeBatch"
    DURING_BATCH = "duringBatch"
    AFTER_BATCH = "afterBatch"
