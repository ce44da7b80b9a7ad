"""Effects are orders that may be looked at and repeated without harm."""

from tests.upgrade.building import upgrade
from tests.upgrade.driving import Drive
from tidegate.upgrade.effects import Owed


def test_nothing_is_owed_unless_it_is_said() -> None:
    assert Owed() == Owed(observe=None, dispatches=(), alarm_ms=None)


def test_looking_at_what_is_owed_changes_nothing() -> None:
    drive = Drive(upgrade())
    drive.observe()
    [dispatch] = drive.owed().dispatches
    assert list(dispatch.orders()) == list(dispatch.orders()) == drive.orders()
