"""Upgrades on a page and in a table."""

from tests.cli.samples import HALT, UPGRADE, at, instances, page, upgrade
from tidegate.cli.upgrade_page import progress_text, upgrade_page, upgrades_table
from tidegate_client.messages import (
    InstanceStatus,
    Phase,
    Progress,
    RollingUpgrade,
    StatusCode,
    UpgradeError,
    UpgradeErrorDetail,
)


def test_counts_that_are_usually_zero_are_left_out_where_they_are() -> None:
    assert progress_text(Progress()) == "0 done, 0 failed, 0 under way, 0 waiting"
    assert progress_text(Progress(skipped_instance_count=3, restored_instance_count=1)).endswith(
        "0 waiting, 3 left alone, 1 brought back"
    )


def test_a_page_says_all_that_is_known() -> None:
    ended = upgrade(
        force=True,
        status=StatusCode.STATUS_CODE_FAULTED,
        phase=Phase.PHASE_ENDED,
        end_time=at(95),
        last_decision=HALT,
        error=UpgradeError(
            code="TooMany",
            message="Too many.",
            details=[UpgradeErrorDetail(code="Unwell", target=f"{UPGRADE}/{n}", message="It is.") for n in range(12)],
        ),
    )
    shown = page(upgrade_page(ended), width=200)
    for text in (
        UPGRADE,
        "Faulted",
        "extension, manual, forced",
        "agent 1.4",
        "2 of 5 planned",
        "azure-default (3f2a9c1b)",
        "2026-01-01 00:00:00 UTC",
        "2026-01-01 00:01:35 UTC, after 1 min 35 s",
        "TooMany",
        "0: Unwell: It is.",
        "and 2 more instances",
        "rules/azure-default.yaml:85:5",
    ):
        assert text in shown
    assert "10: Unwell" not in shown


def test_what_was_only_checked_has_no_name() -> None:
    checked = upgrade()
    checked.name = ""
    assert "(none: nothing was started)" in page(upgrade_page(checked))


def test_instances_are_listed_where_they_are_given() -> None:
    parts = instances(InstanceStatus.INSTANCE_STATUS_FAILED, InstanceStatus.INSTANCE_STATUS_WAITING, zone="2")
    parts[0].code, parts[0].message, parts[0].batch_number = "Broken", "It broke.", 1
    parts[0].change_time.CopyFrom(at(5))
    lines = page(upgrade_page(upgrade(), parts)).splitlines()[-3:]
    assert lines[0].split() == ["instance", "zone", "batch", "status", "since", "why"]
    assert lines[1].split() == ["0", "2", "1", "failed", "00:00:05", "Broken:", "It", "broke."]
    assert lines[2].split() == ["1", "2", "-", "waiting", "-"]


def test_many_upgrades_have_a_line_each() -> None:
    lines = page(upgrades_table([upgrade(), upgrade()]), width=200).splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("u1")
    assert "shop/web" in lines[1]


def test_none_are_a_sentence() -> None:
    empty: list[RollingUpgrade] = []
    assert page(upgrades_table(empty)) == "There are no rolling upgrades."
