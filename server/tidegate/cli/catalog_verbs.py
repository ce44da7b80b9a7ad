"""The verbs of `tidegate catalog`: publish, withdraw, types, versions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.calling import calling
from tidegate.cli.console import OutputFormat, remarks, show, show_all
from tidegate.cli.options import USUAL_SERVER, Output, Server
from tidegate.cli.package_upload import cannot_read, check_here, shown_progress
from tidegate.cli.publishing import Names, VersionAlone, WithPackage, WrongWords, read_words
from tidegate.cli.register_pages import extension_types_table, extension_version_page, extension_versions_table
from tidegate_client.messages import ExtensionVersion

verbs = typer.Typer(no_args_is_help=True, help="Publish extension versions, and see which there are.")

Publisher = Annotated[str, typer.Argument(metavar="PUBLISHER", help="Such as Microsoft.Azure.Monitor.")]
TypeName = Annotated[str, typer.Argument(metavar="TYPE", help="Such as AzureMonitorLinuxAgent.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="One to four numbers joined by dots, such as 1.33.1.")]


@verbs.command("publish")
def publish(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="PACKAGE.zip | PUBLISHER TYPE VERSION", help="A handler package, or the names of a version alone."
        ),
    ],
    publisher: Annotated[str, typer.Option("--publisher", help="The package's publisher.", show_default=False)] = "",
    type_name: Annotated[str, typer.Option("--type", help="The package's type.", show_default=False)] = "",
    version: Annotated[str, typer.Option("--version", help="The package's version.", show_default=False)] = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Make a version available: upgrades follow wherever it is wanted and allowed.

    With the zip of its handler package, hosts fetch the package from the server. A package that is called
    PUBLISHER.TYPE__VERSION.zip needs none of --publisher, --type and --version.
    """
    try:
        wanted = read_words(words, publisher=publisher, type_name=type_name, version=version)
    except WrongWords as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    match wanted:
        case VersionAlone(names=names):
            _publish_version(names, server, output)
        case WithPackage(names=names, file=file):
            _publish_package(names, file, server, output)


def _publish_version(names: Names, server: str, output: OutputFormat) -> None:
    with calling(server) as client:
        answer = client.publish_extension_version(names.publisher, names.type_name, names.version)
    _show(output, answer.extension_version, answer.remarks, created=answer.created)


def _publish_package(names: Names, file: Path, server: str, output: OutputFormat) -> None:
    check_here(file)
    try:
        with calling(server) as client, shown_progress(file) as on_progress:
            answer = client.publish_extension_package(
                file, names.publisher, names.type_name, names.version, on_progress=on_progress
            )
    except OSError as unreadable:
        raise cannot_read(file, unreadable) from unreadable
    _show(output, answer.extension_version, answer.remarks, created=answer.created)


def _show(output: OutputFormat, version: ExtensionVersion, told: Iterable[str], *, created: bool) -> None:
    show(output, version, lambda: extension_version_page(version))
    if output is OutputFormat.TABLE and not created:
        remarks().print("It had been published before; nothing changed.", style="dim")
    for remark in told:
        remarks().print(f"remark: {remark}", style="yellow", soft_wrap=True)


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
