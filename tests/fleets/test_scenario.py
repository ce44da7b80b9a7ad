"""Scenarios: every fault has a name in YAML, and a file that is wrong is refused with all lines that are."""

import pytest

from tidegate.domain.health import ProbeState
from tidegate.domain.version import Version
from tidegate.fleets.faults import (
    IMAGE,
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
from tidegate.fleets.scenario import Scenario, ScenarioInvalid, read_scenario


def read(text: str) -> Scenario:
    return read_scenario(text, "scenario.yaml")


def refused(text: str) -> list[str]:
    with pytest.raises(ScenarioInvalid) as refusal:
        read(text)
    assert str(refusal.value).splitlines() == [str(problem) for problem in refusal.value.problems]
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize("text", ["", "# nothing goes wrong\n", "{}", "faults: []", "faults:"])
def test_a_file_that_says_nothing_is_a_fleet_where_nothing_goes_wrong(text: str) -> None:
    assert read(text) == Scenario()


def test_how_the_fleet_behaves() -> None:
    found = read("seed: 7\nupgradeSeconds: 2.5\njitterPercent: 0\n")
    assert found == Scenario(seed=7, upgrade_seconds=2.5, jitter_percent=0)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("installFails: {}", InstallFails()),
        ("installFails: {code: X, message: Y}", InstallFails(code="X", message="Y")),
        ("probeTurns: {}", ProbeTurns()),
        (
            "probeTurns: {state: unknown, afterSeconds: 30, forSeconds: 60}",
            ProbeTurns(state=ProbeState.UNKNOWN, after_seconds=30, for_seconds=60),
        ),
        ("probeFlaps: {}", ProbeFlaps()),
        (
            "probeFlaps: {state: Initializing, periodSeconds: 8}",
            ProbeFlaps(state=ProbeState.INITIALIZING, period_seconds=8),
        ),
        ("slow: {seconds: 5}", Slow(seconds=5)),
        ("neverAnswers: {}", NeverAnswers()),
        ("offline: {}", Offline()),
        ("offline: {fromSeconds: 5, untilSeconds: 9}", Offline(from_seconds=5, until_seconds=9)),
        ("answersTwice: {}", AnswersTwice()),
        ("answersLate: {seconds: 5}", AnswersLate(seconds=5)),
    ],
)
def test_every_fault_has_a_name(text: str, fault: Fault) -> None:
    assert read(f"faults:\n  - {text}\n").faults == (fault,)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("scaleSet: web", Where(scale_set="web")),
        ("instances: ['3', 7]", Where(instance_ids=frozenset({"3", "7"}))),
        ("sharePercent: 12.5", Where(share=0.125)),
        ("extension: Agent", Where(extension="Agent")),
        ("image: true", Where(extension=IMAGE)),
        ("image: false", Where()),
        ('version: "2.10"', Where(version=Version("2.10"))),
        ("times: 2", Where(times=2)),
    ],
)
def test_where_a_fault_holds(text: str, where: Where) -> None:
    assert read(f"faults:\n  - slow: {{seconds: 5}}\n    {text}\n").faults == (Slow(where=where, seconds=5),)


def test_the_scenario_of_the_module_s_own_words_is_one() -> None:
    from tidegate.fleets import scenario

    told = scenario.__doc__ or ""
    example = "\n".join(line[4:] for line in told.splitlines() if line.startswith("    "))
    (fault,) = read(example).faults
    assert fault == ProbeTurns(
        where=Where(scale_set="web", extension="AppHealth", version=Version("2.1.7"), share=0.1), after_seconds=30
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("faults: 3", "scenario.yaml:1:9: $.faults is the number 3; write an array"),
        ("seed: -1", "scenario.yaml:1:7: $.seed is -1; write a whole number from 0"),
        ("upgradeSeconds: soon", "scenario.yaml:1:17: $.upgradeSeconds is text; write a number from 0"),
        ("fault: []", "scenario.yaml:1:8: $.fault is not known here; known are seed, upgradeSeconds"),
        ("faults:\n- {}", "scenario.yaml:2:3: $.faults[0] names 0 faults; write exactly one of installFails"),
        ("faults:\n- {slow: {}, offline: {}}", "scenario.yaml:2:3: $.faults[0] names 2 faults"),
        ("faults:\n- slow:", "scenario.yaml:2:3: $.faults[0] names 0 faults"),
        ("faults:\n- slow: {second: 5}", "scenario.yaml:2:18: $.faults[0].slow.second is not known here"),
        ("faults:\n- slow: 5", "scenario.yaml:2:9: $.faults[0].slow is the number 5; write an object"),
        ("faults:\n- {slow: {}, version: 2.10}", "scenario.yaml:2:23: $.faults[0].version is a number to YAML"),
        ("faults:\n- {slow: {}, version: new}", "scenario.yaml:2:23: $.faults[0].version 'new' is not a version"),
        ("faults:\n- {slow: {}, sharePercent: 0}", "scenario.yaml:2:28: $.faults[0].sharePercent is 0"),
        ("faults:\n- {slow: {}, extension: a, image: true}", "scenario.yaml:2:25: $.faults[0].extension cannot stand"),
        ("faults:\n- {offline: {}, times: 2}", "scenario.yaml:2:24: $.faults[0].times cannot be counted"),
        ("faults:\n- probeTurns: {state: Sick}", "scenario.yaml:2:23: $.faults[0].probeTurns.state is 'Sick'"),
        ("faults:\n- probeTurns: {state: None}", "scenario.yaml:2:23: $.faults[0].probeTurns.state is 'None'"),
        (
            "faults:\n- offline: {fromSeconds: 9, untilSeconds: 9}",
            "scenario.yaml:2:43: $.faults[0].offline.untilSeconds is not after fromSeconds",
        ),
        ("faults:\n- neverAnswers: {seconds: 5}", "scenario.yaml:2:27: $.faults[0].neverAnswers.seconds is not known"),
        ("faults:\n- answersTwice: {seconds: 5}", "scenario.yaml:2:27: $.faults[0].answersTwice.seconds is not known"),
        ("seed: 1\nseed: 2", "scenario.yaml:2:1: names 'seed' a second time"),
        ("seed: 2024-01-01", "scenario.yaml:1:7: $.seed is no JSON value but date"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line_and_column(text: str, problem: str) -> None:
    (found,) = refused(text)
    assert found.startswith(problem)


def test_all_problems_are_told_in_the_order_of_the_file() -> None:
    found = refused("seed: x\nfaults:\n- slow: {seconds: -1}\n- {}\nupgradeSeconds: -1\n")
    assert [problem.split(": ")[0] for problem in found] == [
        "scenario.yaml:1:7",
        "scenario.yaml:3:19",
        "scenario.yaml:4:3",
        "scenario.yaml:5:17",
    ]
