"""Which version an extension goes to, and which instances need it."""

from tests.upgrade.building import AGENT, extension, extension_target, image_target, instance
from tidegate.domain.version import Version
from tidegate.upgrade.targets import extension_targets, previous_versions, runs

PUBLISHED = {AGENT.key: frozenset(Version(text) for text in ("1.0", "1.2.5", "1.10", "2.0", "0.9"))}


def test_an_extension_goes_to_the_newest_version_of_its_major() -> None:
    [target] = extension_targets([extension(version="1.0")], PUBLISHED)
    assert str(target.version) == "1.10"


def test_an_extension_that_pins_its_minor_version_stays_within_it() -> None:
    [target] = extension_targets([extension(version="1.2", auto_upgrade_minor_version=False)], PUBLISHED)
    assert str(target.version) == "1.2.5"


def test_an_extension_of_which_nothing_fits_has_no_target() -> None:
    assert extension_targets([extension(version="3.0")], PUBLISHED) == ()
    assert extension_targets([extension()], {}) == ()


def test_targets_keep_the_order_of_the_profile() -> None:
    targets = extension_targets([extension("z"), extension("a")], PUBLISHED)
    assert [target.extension_name for target in targets] == ["z", "a"]


def test_an_instance_leaves_what_it_runs_for_what_is_newer() -> None:
    assert previous_versions(instance("0"), [extension_target(version="1.1")]) == (Version("1.0"),)


def test_nothing_goes_down_or_sideways() -> None:
    newer = instance("0", versions={"agent": "1.2"})
    same = instance("0", versions={"agent": "1.1.0.0"})
    assert previous_versions(newer, [extension_target(version="1.1")]) == (None,)
    assert previous_versions(same, [extension_target(version="1.1")]) == (None,)


def test_an_extension_never_crosses_the_major_version_of_what_an_instance_runs() -> None:
    assert previous_versions(instance("0", versions={"agent": "0.9"}), [extension_target(version="1.1")]) == (None,)


def test_an_image_may_cross_a_major_version() -> None:
    assert previous_versions(instance("0", image_version="1.9"), [image_target("2.0")]) == (Version("1.9"),)


def test_an_instance_without_the_extension_is_not_given_it() -> None:
    one = instance("0", versions={"log": "1.0"})
    assert previous_versions(one, [extension_target(), extension_target("log")]) == (None, Version("1.0"))


def test_an_image_that_nobody_can_compare_is_not_known_to_be_older() -> None:
    assert runs(instance("0", image_version=""), image_target()) is None
    assert runs(instance("0", image_version="latest"), image_target()) is None
    assert runs(instance("0", image_version="1.2"), image_target()) == Version("1.2")
