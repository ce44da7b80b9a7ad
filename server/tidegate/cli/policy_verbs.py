"""The verbs of `tidegate policy`: list, show, check, evaluate."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.text import Text

from tidegate.cli.calling import calling
from tidegate.cli.console import OutputFormat, facts_grid, remarks, results, show, write_json
from tidegate.cli.decision_page import decision_page, trace_page
from tidegate.cli.exit_codes import ExitCode
from tidegate.cli.options import USUAL_SERVER, Output, Server
from tidegate.cli.policy_folder import UnreadableFolder, read_policies, read_rehearsals
from tidegate.cli.register_pages import policies_table
from tidegate.cli.shipped_rules import shipped_rules_path
from tidegate.policy.place import Place
from tidegate.policy.problem import Problem
from tidegate_client.messages import EligibilityScope, EvaluateEligibilityResponse, Policy, PolicyProblem

if TYPE_CHECKING:
    from tidegate.cli.policy_check import Checked

verbs = typer.Typer(no_args_is_help=True, help="Show, check and try the policies that decide.")


class Scope(StrEnum):
    """What a rule is asked about, as policies write it."""

    SCALE_SET = "scaleSet"
    EXTENSION = "extension"
    INSTANCE = "instance"


_SCOPES = {
    Scope.SCALE_SET: EligibilityScope.ELIGIBILITY_SCOPE_SCALE_SET,
    Scope.EXTENSION: EligibilityScope.ELIGIBILITY_SCOPE_EXTENSION,
    Scope.INSTANCE: EligibilityScope.ELIGIBILITY_SCOPE_INSTANCE,
}


@verbs.command("list")
def list_policies(server: Server = USUAL_SERVER, output: Output = OutputFormat.TABLE) -> None:
    """List the policies in force, and what is wrong with newer files that were not taken."""
    with calling(server) as client:
        answer = client.list_policies()
        show(output, answer, lambda: policies_table(answer.policies))
        if output is OutputFormat.TABLE and answer.problems:
            remarks().print("The files as they are now are not in force:", style="yellow")
            for problem in answer.problems:
                _tell(_told(problem))


@verbs.command("show")
def show_policy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The policy's name.")],
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Show one policy with its text."""
    with calling(server) as client:
        policy = client.get_policy(name)
        show(output, policy, lambda: _page(policy))


def _page(policy: Policy) -> Group:
    facts = [("file", policy.file), ("digest", policy.digest), ("rules", ", ".join(policy.rules))]
    return Group(facts_grid([("policy", policy.name), *facts]), Text(), Text(policy.text.rstrip()))


@verbs.command("check")
def check_folders(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR", help="Folders of policies; the shipped ones if none is named."),
    ] = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Check folders of policies together, as a server would load them, and run their rehearsals. Needs no server."""
    # Whoever asks for something else need not wait for the policy language to be loaded.
    from tidegate.cli.policy_check import check

    named = folders or [shipped_rules_path()]
    try:
        policies = [source for folder in named for source in read_policies(folder, _shown(folder))]
        rehearsals = [source for folder in named for source in read_rehearsals(folder, _shown(folder))]
    except UnreadableFolder as unreadable:
        raise typer.BadParameter(str(unreadable)) from unreadable
    if not policies:
        raise typer.BadParameter(f"There is no policy (*.yaml) in {', '.join(map(str, named))}.")
    found = check(policies, rehearsals)
    if output is OutputFormat.JSON:
        write_json(_document(found))
    else:
        _write(found)
    raise typer.Exit(ExitCode.OK if found.is_sound else ExitCode.REFUSED)


def _shown(folder: Path) -> str:
    """As short as it can be said from here, so that an editor finds the file."""
    below = os.path.relpath(folder)
    return str(folder) if below.startswith("..") else below


def _write(found: Checked) -> None:
    for problem in found.problems:
        _tell(problem)
    for remark in found.remarks:
        remarks().print(f"remark: {remark}", style="dim", soft_wrap=True)
    if found.is_sound:
        many = len(found.policies) != 1
        policies = f"{len(found.policies)} policies are" if many else "1 policy is"
        told = f"{policies} sound; {found.case_count} rehearsed cases went as expected."
        results().print(told, style="green")


def _document(found: Checked) -> dict[str, object]:
    return {
        "policies": [
            {
                "name": policy.name,
                "file": policy.source.file,
                "digest": policy.digest,
                "rules": list(policy.rules.names),
            }
            for policy in found.policies
        ],
        "rehearsedCases": found.case_count,
        "problems": [
            {
                "file": problem.place.file,
                "line": problem.place.line,
                "column": problem.place.column,
                "message": problem.message,
                "advice": problem.advice,
            }
            for problem in found.problems
        ],
        "remarks": list(found.remarks),
    }


def _tell(problem: Problem) -> None:
    line = Text(f"{problem.place}: ", style="bold").append(problem.message, style="not bold")
    remarks().print(line, soft_wrap=True)
    if problem.advice:
        remarks().print(f"  advice: {problem.advice}", style="dim", soft_wrap=True)


def _told(problem: PolicyProblem) -> Problem:
    place = Place(file=problem.file, line=problem.line, column=problem.column)
    return Problem(place=place, message=problem.message, advice=problem.advice)


@verbs.command("evaluate")
def evaluate(
    facts: Annotated[
        list[str] | None,
        typer.Argument(metavar="FACT=VALUE", help="Such as scaleSet.isServiceFabric=true; others are neutral."),
    ] = None,
    policy: Annotated[
        str,
        typer.Option("--policy", "-p", help="Ask this policy, not the one that the facts choose.", show_default=False),
    ] = "",
    scope: Annotated[Scope, typer.Option("--scope", help="What the rules are asked about.")] = Scope.SCALE_SET,
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Try eligibility on made-up facts, with a trace of every rule. Exits with 1 where it is denied."""
    from tidegate.cli.fact_options import read_fact_options

    asked = read_fact_options(facts or [])
    with calling(server) as client:
        answer = client.evaluate_eligibility(asked, policy=policy, scope=_SCOPES[scope])
        show(output, answer, lambda: _verdict(answer))
        raise typer.Exit(ExitCode.OK if answer.allowed else ExitCode.REFUSED)


def _verdict(answer: EvaluateEligibilityResponse) -> Group:
    head = Text("allowed" if answer.allowed else "denied", style="bold green" if answer.allowed else "bold red")
    head.append(f" by {answer.policy}", style="not bold default")
    return Group(head, *map(decision_page, answer.decisions), Text(), trace_page(answer.trace))
