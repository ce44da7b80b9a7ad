"""A scale set's hosts, and who of them is not well."""

from tests.domain.examples import WEB
from tests.fleets.agents.cards import card, entry, profile, report
from tests.fleets.agents.world import AGENT
from tidegate.domain.health import ProbeState
from tidegate.domain.host import ExtensionFailure
from tidegate.fleets.agents.host_card import HostCard, Presence
from tidegate.fleets.agents.site import HostSite


def site(*hosts: HostCard, probe: ProbeState = ProbeState.HEALTHY) -> HostSite:
    made = HostSite(WEB)
    made.profile = profile(entry())
    for each in hosts:
        made.add(each)
        made.refresh(each, probe)
    return made


def well(name: str) -> HostCard:
    return card(name, handlers=(report(),), wanted={AGENT.key: "1.0"}, reached_incarnation=1, goal_incarnation=1)


def test_hosts_stand_in_natural_order_whatever_order_they_came_in() -> None:
    made = site(*map(well, ["web-10", "Web-9", "web-1"]))
    assert [each.instance_id for each in made] == ["web-1", "Web-9", "web-10"]
    assert [each.instance_id for each in made.instances()] == ["web-1", "Web-9", "web-10"]
    made.add(well("web-2"))
    assert [each.instance_id for each in made] == ["web-1", "web-2", "Web-9", "web-10"]


def test_a_host_is_found_in_any_spelling() -> None:
    host = well("Web-9")
    made = site(host)
    assert made.card("wEB-9") is host
    assert made.card("web-8") is None


def test_hosts_that_are_well_are_counted_and_not_named() -> None:
    observation = site(*map(well, "abc")).observe()
    assert observation.total_count == 3
    assert not observation.probe_unhealthy | observation.initializing | observation.extension_failed


def test_whoever_is_not_well_is_named_for_as_long() -> None:
    hosts = {name: well(name) for name in ("unhealthy", "unknown", "waiting", "silent", "failed")}
    hosts["silent"].presence = Presence.SILENT
    hosts["failed"].failures["agent"] = ExtensionFailure(extension_name="Agent", code=1, message="")
    made = site(*hosts.values())
    made.refresh(hosts["unhealthy"], ProbeState.UNHEALTHY)
    made.refresh(hosts["unknown"], ProbeState.UNKNOWN)
    made.refresh(hosts["waiting"], ProbeState.INITIALIZING)
    observation = made.observe()
    assert observation.probe_unhealthy == {"unhealthy", "unknown", "silent"}
    assert observation.initializing == {"waiting"}
    assert observation.extension_failed == {"failed"}
    hosts["failed"].failures.clear()
    hosts["silent"].presence = Presence.HERE
    for each in hosts.values():
        made.refresh(each, ProbeState.HEALTHY)
    observation = made.observe()
    assert not observation.probe_unhealthy | observation.initializing | observation.extension_failed


def test_a_host_that_is_dropped_is_named_by_nothing() -> None:
    host = well("7")
    made = site(host, probe=ProbeState.UNHEALTHY)
    assert made.numbers == {"7"}
    made.drop(host)
    assert (len(made), made.instances(), made.numbers) == (0, (), set())
    assert (made.observe().total_count, made.observe().probe_unhealthy) == (0, frozenset())
