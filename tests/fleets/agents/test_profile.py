"""The profile as hosts are told of it: handlers, settings, and who waits for whom."""

from collections.abc import Sequence

import pytest

from tests.fleets.agents.cards import entry, nothing_protected, placed, profile
from tests.fleets.agents.world import AGENT
from tidegate.domain.version import Version
from tidegate.fleets.agents.profile import read_profile


def levels(*entries: tuple[str, Sequence[str]]) -> dict[str, int]:
    """The level of each extension, of names and those that each waits for."""
    made = profile(*(entry(name, provisionAfterExtensions=list(after)) for name, after in entries))
    return {each.name: each.dependency_level for handler in made.handlers.values() for each in handler.extensions}


def test_entries_become_handlers_in_the_profiles_order() -> None:
    made = profile(entry("Agent", "2.1"), entry("Monitor", "1.10"))
    assert list(made.handlers) == ["contoso/agent", "contoso/monitor"]
    assert made.handlers[AGENT.key].type_handler_version == Version("2.1")


def test_two_entries_of_one_handler_are_one_handler_with_two_extensions() -> None:
    made = profile(entry("one", type="Agent"), entry("two", type="AGENT"))
    (handler,) = made.handlers.values()
    assert [each.name for each in handler.extensions] == ["one", "two"]


def test_an_extension_is_found_in_any_spelling() -> None:
    made = profile(entry("one", type="Agent"))
    assert made.handler_of("ONE") == AGENT.key
    assert made.handler_of("two") is None


@pytest.mark.parametrize(
    ("settings", "text"),
    [(None, ""), ({}, "{}"), ({"b": 1, "a": ["é"]}, '{"b":1,"a":["é"]}')],
)
def test_public_settings_are_one_spelling_of_json(settings: object, text: str) -> None:
    made = profile(entry(settings=settings))
    (extension,) = made.handlers[AGENT.key].extensions
    assert extension.public_settings_json == text
    assert extension.has_settings is bool(text)


def test_the_flattened_spelling_is_read_too() -> None:
    flattened = {
        "name": "Agent",
        "publisher": "Contoso",
        "typePropertiesType": "Agent",
        "typeHandlerVersion": "2.0",
        "settings": {"a": 1},
    }
    assert profile(flattened).handlers[AGENT.key].extensions[0].public_settings_json == '{"a":1}'


def test_who_waits_for_nobody_comes_first_and_the_others_by_the_longest_way() -> None:
    assert levels(("d", ["b", "c"]), ("a", []), ("b", ["a"]), ("c", ["b"])) == {"d": 3, "a": 0, "b": 1, "c": 2}


def test_names_are_compared_without_regard_to_case_and_unknown_ones_are_not_waited_for() -> None:
    assert levels(("a", []), ("b", ["A", "nobody"])) == {"a": 0, "b": 1}


def test_a_circle_comes_last_with_all_behind_it_and_is_told() -> None:
    made = profile(
        entry("free"),
        entry("one", provisionAfterExtensions=["two"]),
        entry("two", provisionAfterExtensions=["one"]),
        entry("behind", provisionAfterExtensions=["two"]),
    )
    assert set(made.circular) == {"one", "two", "behind"}
    assert levels(("free", []), ("one", ["two"]), ("two", ["one"]), ("self", ["self"])) == {
        "free": 0,
        "one": 1,
        "two": 1,
        "self": 1,
    }


def test_the_digest_changes_with_what_hosts_are_told_and_with_nothing_else() -> None:
    plain = profile(entry(settings={"a": 1})).digest
    assert profile(entry(settings={"a": 1})).digest == plain
    assert profile(entry(settings={"a": 1}, autoUpgradeMinorVersion=True)).digest == plain
    assert read_profile(placed(entry(settings={"a": 1}), etag="2"), nothing_protected).digest == plain
    others = [
        profile(entry(settings={"a": 2})),
        profile(entry()),
        profile(entry("Agent", "3.0", settings={"a": 1})),
        profile(entry("other", type="Agent", settings={"a": 1})),
        profile(entry(settings={"a": 1}), entry("Monitor")),
        profile(),
        read_profile(placed(entry(settings={"a": 1})), lambda key, name: "digest"),
    ]
    assert len({plain, *(each.digest for each in others)}) == 1 + len(others)


def test_protected_settings_are_a_digest_and_nothing_more() -> None:
    made = read_profile(placed(entry()), lambda key, name: f"digest of {name}")
    (extension,) = made.handlers[AGENT.key].extensions
    assert extension.has_protected_settings
    assert extension.has_settings
    assert extension.settings_digest != profile(entry()).handlers[AGENT.key].extensions[0].settings_digest


def test_settings_are_shown_by_no_repr() -> None:
    assert "Tr0ub4dor" not in repr(profile(entry(settings={"key": "Tr0ub4dor"})))
