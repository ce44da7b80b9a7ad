"""A changed profile is a new goal state for a host, and what it runs already it goes on running."""

from tests.fleets.agents.cards import card, entry, profile, report
from tests.fleets.agents.world import AGENT, MONITOR
from tidegate.fleets.agents.host_card import HostCard
from tidegate.fleets.agents.profile import Profile
from tidegate.fleets.agents.profile_change import adopt

FIRSTS = {AGENT.key: "2.0.1", MONITOR.key: "1.10.3"}


def adopted(host: HostCard, *profiles: Profile) -> HostCard:
    for each in profiles:
        adopt(host, each, FIRSTS)
    return host


def test_a_new_host_gets_the_first_versions() -> None:
    host = adopted(card(), profile(entry(), entry("Monitor", "1.10")))
    assert host.wanted == FIRSTS
    assert host.goal_incarnation == 1


def test_the_same_profile_again_changes_nothing() -> None:
    same = profile(entry())
    host = adopted(card(), same)
    assert not adopt(host, same, FIRSTS)
    assert host.goal_incarnation == 1


def test_changed_settings_are_a_new_goal_state_with_the_versions_as_they_are() -> None:
    host = adopted(card(), profile(entry()))
    host.wanted[AGENT.key] = "2.5"
    assert adopt(host, profile(entry(settings={"a": 1})), FIRSTS)
    assert (host.wanted, host.goal_incarnation) == ({AGENT.key: "2.5"}, 2)


def test_an_extension_that_is_new_to_the_profile_gets_its_first_version() -> None:
    host = adopted(card(), profile(entry()))
    host.wanted[AGENT.key] = "2.5"
    adopted(host, profile(entry(), entry("Monitor", "1.10")))
    assert host.wanted == {AGENT.key: "2.5", MONITOR.key: "1.10.3"}


def test_another_major_is_a_new_installation() -> None:
    host = adopted(card(ran_well={AGENT.key: "1.5"}), profile(entry("Agent", "1.0")))
    host.wanted[AGENT.key] = "1.5"
    adopted(host, profile(entry("Agent", "2.0")))
    assert (host.wanted, host.ran_well) == ({AGENT.key: "2.0.1"}, {})


def test_a_handler_that_left_the_profile_is_to_be_uninstalled_in_the_version_that_is_there() -> None:
    host = adopted(card(handlers=(report("2.5", installed="2.4"),)), profile(entry(), entry("Monitor", "1.10")))
    adopted(host, profile(entry("Monitor", "1.10")))
    leaving = host.leaving[AGENT.key]
    assert (leaving.version, leaving.incarnation, AGENT.key in host.wanted) == ("2.4", 2, False)


def test_a_handler_of_which_nothing_is_there_is_not_uninstalled() -> None:
    assert adopted(card(), profile(entry()), profile()).leaving == {}


def test_a_handler_that_comes_back_is_not_uninstalled_any_more() -> None:
    host = adopted(card(handlers=(report("2.0.1"),)), profile(entry()), profile(), profile(entry()))
    assert (host.leaving, host.wanted) == ({}, {AGENT.key: "2.0.1"})


def test_a_version_is_chosen_as_soon_as_there_is_a_package() -> None:
    same = profile(entry())
    host = card()
    adopt(host, same, {AGENT.key: ""})
    assert host.wanted == {AGENT.key: ""}
    assert not adopt(host, same, {AGENT.key: ""})
    assert adopt(host, same, FIRSTS)
    assert (host.wanted, host.goal_incarnation) == ({AGENT.key: "2.0.1"}, 2)
