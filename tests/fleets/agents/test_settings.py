"""Settings are counted as they change, and protected ones leave encrypted for one host."""

from pathlib import Path

from tests.domain.examples import WEB
from tests.fleets.agents.cards import entry, placed, profile
from tests.fleets.agents.decrypting import decrypted
from tests.fleets.agents.peers import settings_certificate
from tidegate.fleets.agents.profile import Profile, read_profile
from tidegate.fleets.agents.settings import SafeSettings, SettingsNumbers
from tidegate.trust.safe import Safe

SECRET = b'{"key":"Tr0ub4dor&3"}'


def numbered(*profiles: Profile) -> list[int]:
    """The number of the agent's settings after each of the profiles was taken up."""
    numbers = SettingsNumbers()
    found = []
    for each in profiles:
        numbers.take_up(WEB.key, each)
        found.append(numbers.number(WEB.key, "AGENT"))
    return found


def test_the_first_settings_are_number_0_and_each_change_is_one_more() -> None:
    one, two = profile(entry(settings={"a": 1})), profile(entry(settings={"a": 2}))
    assert numbered(one, one, two, two, one) == [0, 0, 1, 1, 2]


def test_an_extension_that_comes_back_goes_on_counting() -> None:
    one, two = profile(entry(settings={"a": 1})), profile(entry(settings={"a": 2}))
    assert numbered(one, two, profile(), one) == [0, 1, 1, 2]


def test_what_changed_is_told_so_that_it_can_be_kept_and_goes_on_from_there() -> None:
    numbers = SettingsNumbers()
    (first,) = numbers.take_up(WEB.key, profile(entry(settings={"a": 1})))
    assert numbers.take_up(WEB.key, profile(entry(settings={"a": 1}))) == []
    later = SettingsNumbers([first])
    (changed,) = later.take_up(WEB.key, profile(entry(settings={"a": 2})))
    assert (changed.extension, changed.number) == ("agent", 1)


def test_scale_sets_are_counted_apart() -> None:
    numbers = SettingsNumbers()
    numbers.take_up(WEB.key, profile(entry(settings={"a": 1})))
    numbers.take_up(WEB.key, profile(entry(settings={"a": 2})))
    assert numbers.number("/another", "Agent") == 0


def test_protected_settings_are_sealed_for_the_host_and_opened_by_nobody_else(tmp_path: Path) -> None:
    safe = Safe.in_memory()
    safe.keep(WEB.key, "Agent", SECRET)
    settings = SafeSettings(safe)
    sealed = settings.sealed(WEB.key, "Agent", settings_certificate(1))
    assert SECRET not in sealed
    assert decrypted(sealed, 1, tmp_path) == SECRET
    assert decrypted(sealed, 2, tmp_path) is None
    safe.close()


def test_without_protected_settings_there_is_nothing_to_seal() -> None:
    safe = Safe.in_memory()
    settings = SafeSettings(safe)
    assert settings.digest(WEB.key, "Agent") == ""
    assert settings.sealed(WEB.key, "Agent", settings_certificate()) == b""
    safe.close()


def test_other_protected_settings_are_a_change() -> None:
    safe = Safe.in_memory()
    settings = SafeSettings(safe)
    digests = []
    for text in (SECRET, SECRET, b"{}"):
        safe.keep(WEB.key, "Agent", text)
        digests.append(read_profile(placed(entry()), settings.digest).digest)
    assert digests[0] == digests[1] != digests[2]
    safe.close()
