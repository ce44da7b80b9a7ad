"""The verbs of `tidegate subscription`: enroll, withdraw, get, list."""

from __future__ import annotations

from typing import Annotated

import typer

from tidegate.cli.calling import calling
from tidegate.cli.console import OutputFormat, show, show_all
from tidegate.cli.options import USUAL_SERVER, Output, Server
from tidegate.cli.register_pages import subscriptions_table

verbs = typer.Typer(no_args_is_help=True, help="Say which subscriptions take part.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The subscription's id, alone or as /subscriptions/ID.")]


@verbs.command("enroll")
def enroll(subscription: Id, server: Server = USUAL_SERVER, output: Output = OutputFormat.TABLE) -> None:
    """Let every scale set of a subscription take part, present and future."""
    with calling(server) as client:
        answer = client.enroll_subscription(subscription)
        show(output, answer, lambda: subscriptions_table([answer]))


@verbs.command("withdraw")
def withdraw(subscription: Id, server: Server = USUAL_SERVER, output: Output = OutputFormat.TABLE) -> None:
    """Take part no longer; upgrades under way go on."""
    with calling(server) as client:
        answer = client.withdraw_subscription(subscription)
        show(output, answer, lambda: subscriptions_table([answer]))


@verbs.command("get")
def get(subscription: Id, server: Server = USUAL_SERVER, output: Output = OutputFormat.TABLE) -> None:
    """Show one subscription."""
    with calling(server) as client:
        answer = client.get_subscription(subscription)
        show(output, answer, lambda: subscriptions_table([answer]))


@verbs.command("list")
def list_subscriptions(server: Server = USUAL_SERVER, output: Output = OutputFormat.TABLE) -> None:
    """List all subscriptions that ever took part."""
    with calling(server) as client:
        listed = list(client.list_subscriptions())
        show_all(output, listed, lambda: subscriptions_table(listed))
