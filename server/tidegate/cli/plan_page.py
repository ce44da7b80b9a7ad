"""What an upgrade would do, and why an instance stands where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from tidegate.cli.console import facts_grid, table
from tidegate.cli.decision_page import decision_page
from tidegate.cli.palette import sign_of
from tidegate.cli.short_names import digest_start, ids_text, last_part, target_text
from tidegate_client.messages import ExplainInstanceResponse, Plan, SkippedInstances


def plan_page(plan: Plan) -> RenderableType:
    """Every batch in order, what is left alone and why, and the rules behind it."""
    batches = table(
        ["batch", "zone", "count", "instances"],
        (
            [str(batch.number), batch.zone or "-", str(len(batch.instance_ids)), ids_text(list(batch.instance_ids))]
            for batch in plan.batches
        ),
        empty="There is nothing to do: no instance needs an upgrade.",
    )
    return Group(facts_grid(_facts(plan)), Text(), batches)


def _facts(plan: Plan) -> Iterator[tuple[str, RenderableType]]:
    if plan.targets:
        yield "to", ", ".join(target_text(target) for target in plan.targets)
    yield "policy", f"{plan.policy} ({digest_start(plan.policy_digest)})"
    yield (
        "plan",
        f"{sum(len(batch.instance_ids) for batch in plan.batches)} of {plan.total_instance_count} instances"
        + (f" ({digest_start(plan.digest)})" if plan.digest else ""),
    )
    if plan.HasField("pace"):
        yield "pace", decision_page(plan.pace)
    for decision in plan.eligibility:
        yield "eligibility", decision_page(decision)
    for skipped in plan.skipped:
        yield "left alone", _skipped(skipped)


def _skipped(skipped: SkippedInstances) -> RenderableType:
    line = Text(f"{sign_of(skipped.status).word}: {ids_text(list(skipped.instance_ids))}")
    return Group(line, decision_page(skipped.decision)) if skipped.HasField("decision") else line


def explanation_page(answer: ExplainInstanceResponse) -> RenderableType:
    """The answer in a sentence, then every decision that bears on it."""
    instance = answer.instance
    sign = sign_of(instance.status)
    head = Text(f"instance {instance.instance_id}  ", style="bold").append(sign.word, style=sign.style)
    if instance.batch_number:
        head.append(f"  batch {instance.batch_number}", style="not bold")
    if instance.zone:
        head.append(f"  zone {instance.zone}", style="not bold")
    if answer.rolling_upgrade:
        head.append(f"  upgrade {last_part(answer.rolling_upgrade)}", style="dim not bold")
    page: list[RenderableType] = [head, Text(answer.explanation)]
    page += [Padding(decision_page(decision), (1, 0, 0, 0), expand=False) for decision in answer.decisions]
    return Group(*page)
