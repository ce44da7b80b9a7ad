"""The verbs about subscriptions, against a real server."""

from tests.cli.conftest import Tidegate

OTHER = "00000000-0000-0000-0000-0000000000aa"


def test_a_subscription_takes_part_until_it_is_withdrawn(tidegate: Tidegate) -> None:
    assert tidegate("subscription", "get", OTHER).exits == 3
    told = tidegate("subscription", "enroll", OTHER)
    assert told.exits == 0
    assert told.out.splitlines()[1].split()[:2] == [f"/subscriptions/{OTHER}", "yes"]
    assert tidegate("subscription", "get", f"/subscriptions/{OTHER}", "-o", "json").document["isEnrolled"] is True
    assert tidegate("subscription", "withdraw", OTHER, "-o", "json").document["isEnrolled"] is False
    listed = tidegate("subscription", "list", "-o", "json").document
    assert [each["isEnrolled"] for each in listed if each["name"].endswith(OTHER)] == [False]
    assert f"/subscriptions/{OTHER}" in tidegate("subscription", "list").out


def test_a_wrong_id_is_a_wrong_command_line(tidegate: Tidegate) -> None:
    assert tidegate("subscription", "enroll", "no/id").exits == 2
    assert tidegate("subscription", "withdraw", "never-enrolled").exits == 3
