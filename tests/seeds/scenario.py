"""What a seed thinks of: scale sets, faults of machines, and what people do meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from tests.executor.world import AGENT, SHIELD, extension, resource
from tidegate.domain.health import ProbeState
from tidegate.domain.version import Version
from tidegate.fleets.faults import (
    AnswersLate,
    AnswersTwice,
    Fault,
    InstallFails,
    NeverAnswers,
    Offline,
    ProbeFlaps,
    ProbeTurns,
    Slow,
    Where,
)

POLICIES = ("azure-default", "azure-default", "cautious", "quorum", "zone-by-zone", "in-waves", "in-waves")
IN_WAVES = """\
apiVersion: tidegate/v1
kind: Policy
name: in-waves
description: What the shipped policies do not do, batches of several waves, pauses by a rule, everything rolled back.
appliesTo:
  scaleSet.tags: {tidegate-policy: in-waves}
batching:
  - name: half-of-it-two-at-a-time
    because: waves shall be many
    batch: 50%
    maximumInFlight: 2
    zones: together
    instanceTimeout: PT10M
    settleTimeout: PT1M
    failedInstances: restorePreviousVersion
halt:
  - name: somebody-shall-look
    at: afterBatch
    when: {fact: progress.failedInstanceCount, equals: 1}
    then: pause
    because: One instance failed.
  - name: everything-back
    at: duringBatch
    when: {fact: progress.failedInstanceCount, atLeast: 3}
    then: rollBack
    because: Three instances failed.
retry: {after: PT1H, attempts: 2}
"""
DEEDS = (
    "start",
    "start",
    "force",
    "image",
    "cancel",
    "pause",
    "pause",
    "resume",
    "publish",
    "put",
    "die",
    "explain",
    "disk",
)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that somebody does, or that happens, after so many seconds."""

    after_seconds: float
    what: str
    name: str
    choice: float
    """Luck for what is left open."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A story before it happens."""

    scale_sets: Mapping[str, Mapping[str, object]]
    faults: tuple[Fault, ...]
    deeds: tuple[Deed, ...]
    upgrade_seconds: float
    with_autopilot: bool


def think(random: Random) -> Scenario:
    """A scenario; the same luck gives the same one."""
    names = ["web", "batch", "store"][: random.choice((1, 1, 2, 3))]
    return Scenario(
        scale_sets={name: scale_set(random) for name in names},
        faults=tuple(fault(random) for _ in range(random.choice((0, 0, 1, 2, 4)))),
        deeds=tuple(
            Deed(
                after_seconds=random.choice((0.0, 1.0, 10.0, 30.0, 60.0, 600.0, 3600.0)) * random.random(),
                what="start" if number == 0 else random.choice(DEEDS),
                name=random.choice(names),
                choice=random.random(),
            )
            for number in range(random.randint(2, 14))
        ),
        upgrade_seconds=random.choice((0.0, 1.0, 30.0)),
        with_autopilot=random.random() < 0.4,
    )


def scale_set(random: Random) -> dict[str, object]:
    """The resource of a scale set of 1 to 20 instances."""
    policy = random.choice(POLICIES)
    extensions = [extension(AGENT)]
    if random.random() < 0.4:
        extensions.append(extension(SHIELD, "2.0", minor=random.random() < 0.7))
    rolling: dict[str, object] = {
        "maxBatchInstancePercent": random.choice((5, 20, 20, 50, 100)),
        "maxUnhealthyInstancePercent": random.choice((5, 20, 50, 100)),
        "maxUnhealthyUpgradedInstancePercent": random.choice((0, 20, 50, 100)),
        "pauseTimeBetweenBatches": random.choice(("PT0S", "PT0S", "PT30S", "PT10M")),
        "enableCrossZoneUpgrade": random.random() < 0.3,
        "prioritizeUnhealthyInstances": random.random() < 0.5,
        "rollbackFailedInstancesOnPolicyBreach": random.random() < 0.5,
    }
    return resource(
        random.randint(3, 7) if policy == "quorum" else random.choice((1, 2, 3, 5, 8, 13, 20)),
        extensions=extensions,
        rolling=rolling,
        tags={} if policy == "azure-default" else {"tidegate-policy": policy},
        zones=random.choice(((), (), ("1", "2", "3"))),
        has_probe=random.random() < 0.7,
        image_version="1.0",
    )


def fault(random: Random) -> Fault:
    """Something that is wrong with some machines."""
    where = Where(
        share=random.choice((None, 0.1, 0.3, 0.6)),
        extension=random.choice((None, "agent", "shield")),
        version=random.choice((None, Version("1.1"), Version("1.2"))),
    )
    once = Where(share=where.share, times=random.choice((None, 1, 2)))
    everywhere = Where(share=where.share)
    state = random.choice((ProbeState.UNHEALTHY, ProbeState.INITIALIZING, ProbeState.UNKNOWN))
    return random.choice(
        (
            InstallFails(where=where),
            ProbeTurns(where=where, state=state, after_seconds=random.choice((0.0, 20.0, 400.0))),
            ProbeTurns(where=where, state=state, for_seconds=random.choice((5.0, 90.0))),
            ProbeFlaps(where=where, state=state, period_seconds=random.choice((40.0, 300.0))),
            Slow(where=once, seconds=random.choice((60.0, 1300.0))),
            NeverAnswers(where=once),
            Offline(where=everywhere, from_seconds=50.0),
            Offline(where=everywhere, until_seconds=900.0),
            AnswersTwice(where=everywhere),
            AnswersLate(where=everywhere, seconds=random.choice((30.0, 1500.0))),
        )
    )
