"""The command `tidegate`: its verbs, joined."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from tidegate.cli import (
    ca_verbs,
    catalog_verbs,
    demo_hosts_verb,
    demo_verb,
    host_verbs,
    policy_verbs,
    scale_set_verbs,
    serve_verb,
    subscription_verbs,
    upgrade_verbs,
)
from tidegate.cli.credentials_option import AskingGroup
from tidegate.cli.exit_codes import MEANINGS

_EXIT_CODES = "  \n".join(f"{code.value}: {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    name="tidegate",
    cls=AskingGroup,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    # A traceback with local variables could show a secret.
    pretty_exceptions_show_locals=False,
    help="Keeps the extensions on fleets of machines at their newest minor version, by policy files and "
    "health-gated batches.",
    epilog=f"**Exit codes**\n\n{_EXIT_CODES}",
)

_RUN = "Run"
_UPGRADES = "Rolling upgrades"
_REGISTER = "What the server knows"

app.command("serve", rich_help_panel=_RUN)(serve_verb.serve)
app.command("demo", rich_help_panel=_RUN)(demo_verb.demo)
app.command("demo-hosts", rich_help_panel=_RUN)(demo_hosts_verb.demo_hosts)
app.command("start", rich_help_panel=_UPGRADES)(upgrade_verbs.start)
app.command("latest", rich_help_panel=_UPGRADES)(upgrade_verbs.latest)
app.command("watch", rich_help_panel=_UPGRADES)(upgrade_verbs.watch)
app.command("plan", rich_help_panel=_UPGRADES)(upgrade_verbs.plan)
app.command("explain", rich_help_panel=_UPGRADES)(upgrade_verbs.explain)
app.command("list", rich_help_panel=_UPGRADES)(upgrade_verbs.list_upgrades)
app.command("cancel", rich_help_panel=_UPGRADES)(upgrade_verbs.cancel)
app.command("pause", rich_help_panel=_UPGRADES)(upgrade_verbs.pause)
app.command("resume", rich_help_panel=_UPGRADES)(upgrade_verbs.resume)
app.add_typer(ca_verbs.verbs, name="ca", rich_help_panel=_RUN)
app.add_typer(scale_set_verbs.verbs, name="scale-set", rich_help_panel=_REGISTER)
app.add_typer(subscription_verbs.verbs, name="subscription", rich_help_panel=_REGISTER)
app.add_typer(catalog_verbs.verbs, name="catalog", rich_help_panel=_REGISTER)
app.add_typer(host_verbs.verbs, name="host", rich_help_panel=_REGISTER)
app.add_typer(policy_verbs.verbs, name="policy", rich_help_panel=_REGISTER)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tidegate {_version()}")
        raise typer.Exit


def _version() -> str:
    try:
        return version("tidegate")
    except PackageNotFoundError:
        return "(not installed)"


@app.callback()
def top(
    _: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    # What every invocation takes before its verb. A docstring here would take the place of the help above.
    return


def main() -> None:
    """The entry point of the command."""
    app()
