"""The verbs of `tidegate scale-set`: put, get, list, delete, instances."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.calling import calling
from tidegate.cli.console import OutputFormat, remarks, show, show_all
from tidegate.cli.naming import scale_set_name
from tidegate.cli.options import USUAL_SERVER, Group, IfEtag, Name, Output, ScaleSet, Server, Subscription
from tidegate.cli.register_pages import instances_table, scale_set_page, scale_sets_table

verbs = typer.Typer(no_args_is_help=True, help="Put, show and forget scale sets.")


@verbs.command("put")
def put(
    scale_set: ScaleSet = "",
    file: Annotated[
        str, typer.Option("--file", "-f", metavar="FILE", help="The ARM resource as JSON; - reads stdin.")
    ] = "-",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    location: Annotated[
        str, typer.Option("--location", "-l", help="Instead of the resource's own.", show_default=False)
    ] = "",
    if_etag: IfEtag = "",
    only_new: Annotated[bool, typer.Option("--only-new", help="Only if there is none of that name yet.")] = False,
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Check it, keep nothing.")] = False,
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Create or replace a scale set from its ARM resource, as templates have it or as `az vmss show` prints it."""
    target = scale_set_name(scale_set, group=group, name=name, subscription=subscription)
    if only_new and if_etag:
        raise typer.BadParameter("--only-new and --if-etag exclude each other.")
    resource = _text_of(file)
    with calling(server) as client:
        answer = client.put_scale_set(
            target, resource, location=location, etag="*" if only_new else if_etag, validate_only=validate_only
        )
        show(output, answer.scale_set, lambda: scale_set_page(answer.scale_set))
        if output is OutputFormat.TABLE:
            done = "would be " * validate_only + ("created" if answer.created else "replaced")
            remarks().print(f"The scale set {'is ' * (not validate_only)}{done}.", style="dim")


def _text_of(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise typer.BadParameter(f"{file} cannot be read: {unreadable}.") from unreadable


@verbs.command("get")
def get(
    scale_set: ScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Show one scale set."""
    target = scale_set_name(scale_set, group=group, name=name, subscription=subscription)
    with calling(server) as client:
        found = client.get_scale_set(target)
        show(output, found, lambda: scale_set_page(found))


@verbs.command("list")
def list_scale_sets(
    subscription: Subscription = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """List scale sets, of one subscription or of all."""
    with calling(server) as client:
        listed = list(client.list_scale_sets(subscription=subscription))
        show_all(output, listed, lambda: scale_sets_table(listed))


@verbs.command("delete")
def delete(
    scale_set: ScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    if_etag: IfEtag = "",
    server: Server = USUAL_SERVER,
) -> None:
    """Forget a scale set. Its past upgrades stay; refused while one is active."""
    target = scale_set_name(scale_set, group=group, name=name, subscription=subscription)
    with calling(server) as client:
        client.delete_scale_set(target, etag=if_etag)


@verbs.command("instances")
def instances(
    scale_set: ScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """List the instances of a scale set with their extensions and health."""
    target = scale_set_name(scale_set, group=group, name=name, subscription=subscription)
    with calling(server) as client:
        listed = list(client.list_instances(target))
        show_all(output, listed, lambda: instances_table(listed))
