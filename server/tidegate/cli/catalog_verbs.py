"""The verbs of `tidegate catalog`: publish, withdraw, types, versions."""

from __future__ import annotations

from typing import Annotated

import typer

from tidegate.cli.calling import calling
from tidegate.cli.console import OutputFormat, remarks, show, show_all
from tidegate.cli.options import USUAL_SERVER, Output, Server
from tidegate.cli.register_pages import extension_types_table, extension_versions_table

verbs = typer.Typer(no_args_is_help=True, help="Publish extension versions, and see which there are.")

Publisher = Annotated[str, typer.Argument(metavar="PUBLISHER", help="Such as Microsoft.Azure.Monitor.")]
TypeName = Annotated[str, typer.Argument(metavar="TYPE", help="Such as AzureMonitorLinuxAgent.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="One to four numbers joined by dots, such as 1.33.1.")]


@verbs.command("publish")
def publish(
    publisher: Publisher,
    type_name: TypeName,
    version: Version,
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Make a version available: upgrades follow wherever it is wanted and allowed."""
    with calling(server) as client:
        answer = client.publish_extension_version(publisher, type_name, version)
        show(output, answer.extension_version, lambda: extension_versions_table([answer.extension_version]))
        if output is OutputFormat.TABLE and not answer.created:
            remarks().print("It had been published before; nothing changed.", style="dim")


@verbs.command("withdraw")
def withdraw(publisher: Publisher, type_name: TypeName, version: Version, server: Server = USUAL_SERVER) -> None:
    """Take a version back: no upgrade that starts later goes to it."""
    with calling(server) as client:
        client.withdraw_extension_version(publisher, type_name, version)


@verbs.command("types")
def types(server: Server = USUAL_SERVER, output: Output = OutputFormat.TABLE) -> None:
    """List the extension types that have a published version."""
    with calling(server) as client:
        listed = list(client.list_extension_types())
        show_all(output, listed, lambda: extension_types_table(listed))


@verbs.command("versions")
def versions(
    publisher: Publisher, type_name: TypeName, server: Server = USUAL_SERVER, output: Output = OutputFormat.TABLE
) -> None:
    """List the published versions of one type, the oldest number first."""
    with calling(server) as client:
        listed = client.list_extension_versions(publisher, type_name)
        show_all(output, listed, lambda: extension_versions_table(listed))
