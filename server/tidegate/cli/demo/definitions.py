"""The demo's scale sets and machines, as they lie beside this module."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files

from tidegate.domain.resource_id import ScaleSetId

SUBSCRIPTION = "5f0c2b7e-9a41-4c1d-8a53-2f6d3b1e7c90"
_GROUPS = {"web-frontend": "storefront", "api-workers": "orders", "sf-nt1": "ledger"}
_PAUSE = '"PT1S"'
_SECONDS = re.compile(r"(?P<name>upgradeSeconds|forSeconds): (?P<seconds>[\d.]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One scale set of the demo: its ARM id, and its ARM resource as JSON."""

    scale_set: str
    resource_json: str
    capacity: int


def definition(name: str, speed: float) -> Definition:
    """The definition of `web-frontend`, `api-workers` or `sf-nt1`, its pauses divided by `speed`."""
    text = _read(f"{name}.json").replace(_PAUSE, f'"PT{1 / speed:.3f}S"')
    scale_set = ScaleSetId(subscription=SUBSCRIPTION, resource_group=_GROUPS[name], name=name)
    return Definition(scale_set=str(scale_set), resource_json=text, capacity=json.loads(text)["sku"]["capacity"])


def scenario_text(speed: float) -> str:
    """How the machines behave, everything `speed` times as quick."""
    return _SECONDS.sub(lambda found: f"{found['name']}: {float(found['seconds']) / speed:.3f}", _read("fleet.yaml"))


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
