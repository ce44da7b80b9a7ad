"""A scenario: a YAML file that says how a simulated fleet behaves and what shall go wrong on it.

    seed: 7
    upgradeSeconds: 2
    faults:
      - scaleSet: web
        extension: AppHealth
        version: "2.1.7"
        sharePercent: 10
        probeTurns: {state: Unhealthy, afterSeconds: 30}

Law: a file is right as a whole or refused as a whole, all its problems at once, each with its line and column.
`tidegate.fleets.faults` says what each fault does; here only the YAML names are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidegate.domain.health import ProbeState
from tidegate.domain.json_reading import Problems, Reading, read_document
from tidegate.domain.refusal import MalformedRequest
from tidegate.domain.version import MalformedVersion, Version
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
from tidegate.fleets.yaml_places import PlacedYaml, UnreadableYaml, read_yaml

_WEEK_SECONDS = 604_800.0
_WHERE = ("scaleSet", "instances", "sharePercent", "extension", "image", "version", "times")
_STATES = tuple(state.value for state in ProbeState if state is not ProbeState.NONE)
_LASTING = ("probeTurns", "probeFlaps", "offline")
"""Faults that are not about single orders, so that they cannot be counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How a simulated fleet behaves; the defaults are those of a file that says nothing."""

    seed: int = 0
    upgrade_seconds: float = 0.0
    jitter_percent: float = 20.0
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioProblem:
    """One thing that is wrong; line and column count from 1."""

    source: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}: {self.text}"


class ScenarioInvalid(Exception):
    """The file cannot be used; `problems` are in the order of the file."""

    def __init__(self, problems: tuple[ScenarioProblem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def read_scenario(text: str, source: str) -> Scenario:
    """The scenario that `text` describes; `source` is the file's name in problems.

    Raises:
        ScenarioInvalid: the text is no YAML, or something in it is unknown or wrong.
    """
    try:
        document = read_yaml(text)
    except UnreadableYaml as unreadable:
        found = ScenarioProblem(source=source, line=unreadable.line, column=unreadable.column, text=str(unreadable))
        raise ScenarioInvalid((found,)) from unreadable
    problems = Problems()
    try:
        scenario = _scenario(read_document({} if document.value is None else document.value, problems))
        problems.refuse_any()
    except MalformedRequest as malformed:
        raise ScenarioInvalid(_placed(malformed, document, source)) from malformed
    return scenario


def _placed(malformed: MalformedRequest, document: PlacedYaml, source: str) -> tuple[ScenarioProblem, ...]:
    found = []
    for wrong in malformed.violations:
        line, column = document.place(wrong.field)
        text = f"{wrong.field} {wrong.description}"
        found.append(ScenarioProblem(source=source, line=line, column=column, text=text))
    return tuple(sorted(found, key=lambda problem: (problem.line, problem.column)))


def _scenario(root: Reading) -> Scenario:
    root.only(("seed", "upgradeSeconds", "jitterPercent", "faults"))
    default = Scenario()
    faults = [_fault(fault) for fault in root.at("faults").items()]
    return Scenario(
        seed=root.at("seed").whole(default.seed, low=0, high=2**63 - 1),
        upgrade_seconds=root.at("upgradeSeconds").number(default.upgrade_seconds, low=0, high=_WEEK_SECONDS),
        jitter_percent=root.at("jitterPercent").number(default.jitter_percent, low=0, high=100),
        faults=tuple(fault for fault in faults if fault is not None),
    )


def _fault(fault: Reading) -> Fault | None:
    fault.only((*_WHERE, *_KINDS))
    given = [kind for kind in _KINDS if not fault.at(kind).is_absent]
    if len(given) != 1:
        fault.refuse(f"names {len(given)} faults; write exactly one of {', '.join(_KINDS)}, with {{}} for its defaults")
        return None
    times = fault.at("times")
    if given[0] in _LASTING and not times.is_absent:
        times.refuse(f"cannot be counted for {given[0]}; leave it out")
    return _KINDS[given[0]](fault.at(given[0]), _where(fault))


def _where(fault: Reading) -> Where:
    instances, share = fault.at("instances"), fault.at("sharePercent")
    times, extension = fault.at("times"), fault.at("extension")
    is_image = fault.at("image").flag(default=False)
    if is_image and not extension.is_absent:
        extension.refuse("cannot stand beside image; a fault is about one or the other")
    return Where(
        scale_set=None if fault.at("scaleSet").is_absent else fault.at("scaleSet").filled("a scale set's name"),
        instance_ids=None if instances.is_absent else frozenset(each.label() for each in instances.items()),
        share=None if share.is_absent else share.number(100, low=0.001, high=100) / 100,
        extension=IMAGE if is_image else None if extension.is_absent else extension.filled("an extension's name"),
        version=_version(fault.at("version")),
        times=None if times.is_absent else times.whole(1, low=1, high=1_000_000),
    )


def _version(version: Reading) -> Version | None:
    if version.is_absent:
        return None
    if isinstance(version.value, int | float):
        version.refuse(f'is a number to YAML, which loses zeros; write it in quotes: "{version.value}"')
        return None
    try:
        return Version(version.filled("a version"))
    except MalformedVersion as malformed:
        version.refuse(str(malformed))
        return None


def _seconds(kind: Reading, name: str, default: float, low: float = 0.0) -> float:
    return kind.at(name).number(default, low=low, high=_WEEK_SECONDS)


def _seconds_if_given(kind: Reading, name: str) -> float | None:
    return None if kind.at(name).is_absent else _seconds(kind, name, 0.0)


def _install_fails(kind: Reading, where: Where) -> Fault:
    kind.only(("code", "message"))
    default = InstallFails()
    return InstallFails(
        where=where, code=kind.at("code").text(default.code), message=kind.at("message").text(default.message)
    )


def _probe_turns(kind: Reading, where: Where) -> Fault:
    kind.only(("state", "afterSeconds", "forSeconds"))
    return ProbeTurns(
        where=where,
        state=ProbeState(kind.at("state").one_of(_STATES, default=ProbeState.UNHEALTHY)),
        after_seconds=_seconds(kind, "afterSeconds", 0.0),
        for_seconds=_seconds_if_given(kind, "forSeconds"),
    )


def _probe_flaps(kind: Reading, where: Where) -> Fault:
    kind.only(("state", "periodSeconds"))
    return ProbeFlaps(
        where=where,
        state=ProbeState(kind.at("state").one_of(_STATES, default=ProbeState.UNHEALTHY)),
        period_seconds=_seconds(kind, "periodSeconds", ProbeFlaps().period_seconds, low=0.1),
    )


def _slow(kind: Reading, where: Where) -> Fault:
    return Slow(where=where, seconds=_seconds(kind.only(("seconds",)), "seconds", Slow().seconds))


def _never_answers(kind: Reading, where: Where) -> Fault:
    kind.only(())
    return NeverAnswers(where=where)


def _offline(kind: Reading, where: Where) -> Fault:
    kind.only(("fromSeconds", "untilSeconds"))
    from_seconds, until_seconds = _seconds(kind, "fromSeconds", 0.0), _seconds_if_given(kind, "untilSeconds")
    if until_seconds is not None and until_seconds <= from_seconds:
        kind.at("untilSeconds").refuse("is not after fromSeconds; write a later one, or leave it out")
    return Offline(where=where, from_seconds=from_seconds, until_seconds=until_seconds)


def _answers_twice(kind: Reading, where: Where) -> Fault:
    kind.only(())
    return AnswersTwice(where=where)


def _answers_late(kind: Reading, where: Where) -> Fault:
    return AnswersLate(where=where, seconds=_seconds(kind.only(("seconds",)), "seconds", AnswersLate().seconds))


_KINDS: Mapping[str, Callable[[Reading, Where], Fault]] = {
    "installFails": _install_fails,
    "probeTurns": _probe_turns,
    "probeFlaps": _probe_flaps,
    "slow": _slow,
    "neverAnswers": _never_answers,
    "offline": _offline,
    "answersTwice": _answers_twice,
    "answersLate": _answers_late,
}
