"""The storyteller: carries out the commands of a story on one upgrade and tells what came of each.

start [instances=N] [zones=1,2] [faultDomains=N] [batch=1,20%] [more settings] [targets=agent:1.1]   begin an upgrade
    [kind=image] [automatic] [force] [sick=1,2] [newest=3] [protected=4] [halt=rule;rule]
    a halt rule is  moment:fact:operator:value:verdict[:code]
observe [unhealthy=1,2] [initializing=3] [failed=4] [total=N]    what the scale set looks like
answer ID.. | all [fail=CODE[:extension]] [probe=Unhealthy] [restore]    orders end
wait SECONDS          time goes by; nothing is reported
alarm                 the alarm rings, whatever time it is
cancel, pause, resume
run                   do all that is owed, everybody healthy, until it has ended or is paused
owed, plan, error     show what is owed, planned, wrong
explain ID..          say why
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tests.upgrade.building import (
    AZURE_HALTS,
    extension_target,
    halt_rule,
    image_target,
    instances,
    policy,
    unhealthy,
    upgrade,
)
from tests.upgrade.driving import Drive, failure
from tests.upgrade.telling import tell_decision, tell_events, tell_owed, tell_plan, tell_standing
from tidegate.domain.extension import ExtensionState
from tidegate.domain.health import ProbeState
from tidegate.domain.instance import Instance
from tidegate.domain.version import Version
from tidegate.upgrade.events import BatchStarted
from tidegate.upgrade.explain import explain
from tidegate.upgrade.plan import Target, Trigger, UpgradeKind
from tidegate.upgrade.status_error import status_error

_SETTINGS = {
    "pause": "pauseBetweenBatches",
    "settle": "settleTimeout",
    "timeout": "instanceTimeout",
    "minimumHealthy": "minimumHealthy",
    "maximumInFlight": "maximumInFlight",
    "zoneOrder": "zones",
    "faultDomainOrder": "faultDomains",
    "unhealthyFirst": "unhealthyFirst",
    "failedInstances": "failedInstances",
}
_PROTECTED = {
    "name": "protected-stay",
    "when": {"fact": "instance.isProtected", "equals": True},
    "deny": "it is protected",
}


class Storyteller:
    """One story; it begins with `start`."""

    def __init__(self) -> None:
        self._drive: Drive | None = None

    def tell(self, words: Sequence[str]) -> str:
        """Carry out one command; what came of it."""
        verb, *rest = words
        options = dict(word.split("=", 1) for word in rest if "=" in word)
        flags = [word for word in rest if "=" not in word]
        if verb == "start":
            return self._start(options, flags)
        assert self._drive is not None, "a story begins with start"
        if verb in _SHOWN:
            return "\n".join(_SHOWN[verb](self._drive, flags))
        return self._report(self._drive, verb, options, flags)

    def _start(self, options: Mapping[str, str], flags: Sequence[str]) -> str:
        compiled = policy(_batching(options), _halts(options), [_PROTECTED])
        self._drive = Drive(
            upgrade(
                compiled,
                _fleet(options),
                _targets(options),
                kind=UpgradeKind.OS_IMAGE if options.get("kind") == "image" else UpgradeKind.EXTENSION,
                trigger=Trigger.AUTOMATIC if "automatic" in flags else Trigger.MANUAL,
                force="force" in flags,
            )
        )
        return "\n".join([*tell_plan(self._drive.upgrade.started.plan), tell_standing(self._drive.upgrade)])

    def _report(self, drive: Drive, verb: str, options: Mapping[str, str], flags: Sequence[str]) -> str:
        if verb == "wait":
            drive.wait(float(flags[0]))
            return ""
        if verb == "run":
            return _run(drive)
        before = len(drive.events)
        match verb:
            case "observe":
                drive.observe(
                    unhealthy=_list(options, "unhealthy"),
                    initializing=_list(options, "initializing"),
                    extension_failed=_list(options, "failed"),
                    total_count=int(options["total"]) if "total" in options else None,
                )
            case "answer":
                _answer(drive, options, flags)
            case "alarm":
                drive.alarm()
            case "cancel":
                drive.cancel()
            case "pause":
                drive.pause()
            case "resume":
                drive.resume()
            case _:
                raise AssertionError(f"no story knows the command {verb}")
        return "\n".join([*tell_events(drive.events[before:]), tell_standing(drive.upgrade)])


def _answer(drive: Drive, options: Mapping[str, str], flags: Sequence[str]) -> None:
    is_restore = "restore" in flags
    named = [flag for flag in flags if flag not in ("restore", "all")]
    code, _, extension_name = options.get("fail", "").partition(":")
    failures = [failure(code, extension_name=extension_name)] if code else []
    probe = ProbeState(options.get("probe", "Healthy"))
    for instance_id in [order.instance_id for order in drive.orders()] if "all" in flags else named:
        drive.answer(instance_id, failures, probe, is_restore=is_restore)


def _run(drive: Drive) -> str:
    before = len(drive.events)
    drive.run()
    sizes = [event.size for event in drive.events[before:] if isinstance(event, BatchStarted)]
    return f"batches of {' '.join(map(str, sizes)) or 'nobody'}\n{tell_standing(drive.upgrade)}"


def _list(options: Mapping[str, str], name: str) -> list[str]:
    return options[name].split(",") if name in options else []


def _batching(options: Mapping[str, str]) -> dict[str, object]:
    steps: list[object] = [_amount(step) for step in options.get("batch", "20%").split(",")]
    settings = {_SETTINGS[name]: _amount(value) for name, value in options.items() if name in _SETTINGS}
    return {"batch": steps[0] if len(steps) == 1 else steps, **settings}


def _amount(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdigit() else text


def _halts(options: Mapping[str, str]) -> list[Mapping[str, object]]:
    if "halt" not in options:
        return list(AZURE_HALTS)
    rules: list[Mapping[str, object]] = []
    for rule in filter(None, options["halt"].split(";")):
        at, fact, operator, value, then, *code = rule.split(":")
        rules.append(halt_rule(at, fact, operator, _amount(value), then, **({"code": code[0]} if code else {})))
    return rules


def _targets(options: Mapping[str, str]) -> list[Target]:
    if options.get("kind") == "image":
        return [image_target()]
    pairs = (target.split(":") for target in options.get("targets", "agent:1.1").split(","))
    return [extension_target(name, version) for name, version in pairs]


def _fleet(options: Mapping[str, str]) -> tuple[Instance, ...]:
    fleet = instances(
        int(options.get("instances", "10")), _list(options, "zones") or ("",), int(options.get("faultDomains", "1"))
    )
    return tuple(_as_told(one, options) for one in fleet)


def _as_told(one: Instance, options: Mapping[str, str]) -> Instance:
    """The instance as the story wants it: sick, protected, at the newest version already, with other extensions."""
    if one.instance_id in _list(options, "sick"):
        one = unhealthy(one)
    version = "1.1" if one.instance_id in _list(options, "newest") else "1.0"
    names = [target.split(":")[0] for target in options.get("targets", "agent:1.1").split(",")]
    extensions = {name: ExtensionState(name=name, version=Version(version)) for name in names}
    is_protected = one.instance_id in _list(options, "protected")
    return replace(one, extensions=extensions, is_protected=is_protected)


def _error(drive: Drive, flags: Sequence[str]) -> list[str]:
    error = status_error(drive.upgrade)
    if error is None:
        return ["none"]
    details = [f"  {detail.target}: {detail.code} {detail.message}" for detail in error.details]
    return [error.code, error.message, *details]


def _explain(drive: Drive, flags: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for instance_id in flags:
        told = explain(drive.upgrade, instance_id)
        lines.append(
            f"{instance_id}: nobody knows it" if told is None else f"{instance_id} {told.status}: {told.sentence}"
        )
        if told is not None and told.decision is not None:
            lines.append(f"  {tell_decision(told.decision)}")
    return lines


_SHOWN: Mapping[str, Callable[[Drive, Sequence[str]], list[str]]] = {
    "owed": lambda drive, flags: tell_owed(drive.owed()),
    "plan": lambda drive, flags: tell_plan(drive.upgrade.started.plan),
    "error": _error,
    "explain": _explain,
}
