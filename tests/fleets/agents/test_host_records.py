"""A card that was written down is read back with everything that was on it."""

import dataclasses

from tests.domain.examples import WEB
from tests.fleets.agents.cards import card, report, status
from tests.fleets.agents.world import AGENT, MONITOR
from tidegate.domain.health import ProbeState
from tidegate.domain.host import ExtensionFailure, Substatus
from tidegate.domain.order import ExtensionMove, ImageMove, InstanceAnswer, InstanceOrder, MoveFailure
from tidegate.domain.version import Version
from tidegate.fleets.agents.host_card import HostCard, Leaving, UnderWay
from tidegate.fleets.agents.host_records import (
    decode_identity,
    decode_report,
    decode_work,
    encode_identity,
    encode_report,
    encode_work,
)

FAILURE = MoveFailure(extension_name="Agent", code="1009", message="no")
PART = Substatus(name="n", status="error", code=2)
ORDER = InstanceOrder(
    operation_id="u1/batch-1/a",
    scale_set=WEB,
    instance_id="a",
    moves=(ExtensionMove(extension_name="Agent", version=Version("2.5")), ImageMove(version=Version("24.04.2"))),
)


def full() -> HostCard:
    """A card with something in every place that is kept."""
    return card(
        probe_address="127.0.0.1:80",
        agent_version="1.0",
        platform="linux",
        wanted={AGENT.key: "2.5", MONITOR.key: ""},
        leaving={MONITOR.key: Leaving(extension_type=MONITOR, version="1.10", incarnation=4)},
        goal_incarnation=5,
        reached_incarnation=4,
        profile_digest="abc",
        under_way=UnderWay(order=ORDER, incarnation=5, refused=(FAILURE,)),
        finished=(InstanceAnswer(operation_id="u0", instance_id="a", failures=(FAILURE,), probe=ProbeState.UNHEALTHY),),
        failures={"agent": ExtensionFailure(extension_name="Agent", code=1009, message="no")},
        ran_well={AGENT.key: "2.0.0.0"},
        is_announced=True,
        handlers=(
            report(
                "2.5", code=3, message="m", extensions=[status(parts=[Substatus(name="n", status="error", code=2)])]
            ),
        ),
        last_heard_at_ms=7,
        clock_skew_ms=-8,
    )


def test_everything_that_is_kept_comes_back() -> None:
    before = full()
    after = decode_identity(before.uid, before.identity.credential_digest, encode_identity(before))
    decode_work(after, encode_work(before))
    decode_report(after, encode_report(before))
    kept = [each.name for each in dataclasses.fields(HostCard) if each.name != "kept_incarnation"]
    assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}
    assert after.kept_incarnation == before.goal_incarnation, "what was read from the store is in the store"


def test_a_credential_is_in_none_of_the_texts() -> None:
    before = full()
    texts = encode_identity(before) + encode_work(before) + encode_report(before)
    assert before.identity.credential_digest not in texts


def test_a_card_with_nothing_on_it_comes_back_empty() -> None:
    before, after = card(), card()
    decode_work(after, encode_work(before))
    decode_report(after, encode_report(before))
    assert (after.wanted, after.under_way, after.finished, after.handlers) == ({}, None, (), ())
