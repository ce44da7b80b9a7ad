"""The verbs about rolling upgrades: start, latest, watch, plan, explain, list, cancel, pause, resume."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Annotated

import typer

from tidegate.cli.calling import calling
from tidegate.cli.console import OutputFormat, remarks, show, show_all
from tidegate.cli.following import follow
from tidegate.cli.naming import instance_of, scale_set_name, upgrade_or_scale_set
from tidegate.cli.options import (
    USUAL_SERVER,
    Group,
    Name,
    Output,
    ScaleSet,
    Server,
    Subscription,
    UpgradeOrScaleSet,
)
from tidegate.cli.plan_page import explanation_page, plan_page
from tidegate.cli.upgrade_page import upgrade_page, upgrades_table
from tidegate_client import Client
from tidegate_client.messages import RollingUpgrade, UpgradeKind

Os = Annotated[bool, typer.Option("--os", help="The operating system image instead of extensions.")]
ImageVersion = Annotated[
    str,
    typer.Option("--image-version", metavar="VERSION", help="With --os: the image to move to.", show_default=False),
]


def start(
    scale_set: ScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    os_image: Os = False,
    image_version: ImageVersion = "",
    force: Annotated[bool, typer.Option("--force", help="Skip halt rules. Eligibility is never skipped.")] = False,
    request_id: Annotated[
        str,
        typer.Option(
            "--request-id", metavar="ID", help="Starting again with the same id starts nothing.", show_default=False
        ),
    ] = "",
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Check everything, start nothing.")] = False,
    watch_it: Annotated[bool, typer.Option("--watch", "-w", help="Follow it to its end.")] = False,
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Start a rolling upgrade of all eligible extensions, or of the operating system."""
    target = scale_set_name(scale_set, group=group, name=name, subscription=subscription)
    _check_image_option(os_image, image_version)
    if watch_it and validate_only:
        raise typer.BadParameter("--validate-only starts nothing that --watch could follow.")
    with calling(server) as client:
        if os_image:
            upgrade = client.start_os_rolling_upgrade(
                target,
                image_version=image_version,
                force=force,
                request_id=request_id or None,
                validate_only=validate_only,
            )
        else:
            upgrade = client.start_extension_rolling_upgrade(
                target, force=force, request_id=request_id or None, validate_only=validate_only
            )
        if watch_it:
            raise typer.Exit(follow(client, upgrade.name, output))
        show(output, upgrade, lambda: upgrade_page(upgrade))
        if output is OutputFormat.TABLE and not validate_only:
            remarks().print(f"Follow it with: tidegate watch {upgrade.name}", style="dim", soft_wrap=True)


def _check_image_option(os_image: bool, image_version: str) -> None:
    if image_version and not os_image:
        raise typer.BadParameter("--image-version goes with --os.")


def latest(
    scale_set: ScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    instances: Annotated[bool, typer.Option("--instances", help="Also every instance's part.")] = False,
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Show the most recent rolling upgrade of a scale set."""
    target = scale_set_name(scale_set, group=group, name=name, subscription=subscription)
    with calling(server) as client:
        upgrade = client.get_latest_rolling_upgrade(target)
        if instances:
            answer = client.get_rolling_upgrade(upgrade.name, include_instances=True)
            show(output, answer, lambda: upgrade_page(answer.rolling_upgrade, answer.instances))
        else:
            show(output, upgrade, lambda: upgrade_page(upgrade))


def watch(
    upgrade: UpgradeOrScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    resume_token: Annotated[
        str,
        typer.Option(
            "--resume-token", metavar="TOKEN", help="Go on after this token of an earlier watch.", show_default=False
        ),
    ] = "",
    plain: Annotated[bool, typer.Option("--plain", help="One line per event, on a terminal too.")] = False,
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Follow a rolling upgrade to its end; the exit code tells how it ended."""
    target = upgrade_or_scale_set(upgrade, group=group, name=name, subscription=subscription)
    with calling(server) as client:
        raise typer.Exit(follow(client, target, output, resume_token=resume_token, is_plain=plain))


def plan(
    scale_set: ScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    os_image: Os = False,
    image_version: ImageVersion = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Show what a start would do now: every batch in order. Nothing is started."""
    target = scale_set_name(scale_set, group=group, name=name, subscription=subscription)
    _check_image_option(os_image, image_version)
    kind = UpgradeKind.UPGRADE_KIND_OS_IMAGE if os_image else UpgradeKind.UPGRADE_KIND_EXTENSION
    with calling(server) as client:
        answer = client.plan_rolling_upgrade(target, kind=kind, image_version=image_version)
        show(output, answer, lambda: plan_page(answer))


def explain(
    first: Annotated[
        str,
        typer.Argument(metavar="SCALE_SET|INSTANCE", help="The scale set's ARM id; or the instance, see below."),
    ],
    second: Annotated[
        str,
        typer.Argument(
            metavar="INSTANCE",
            help="The instance's id in the scale set. Alone it may be a whole ARM id, or stand beside -g and -n.",
            show_default=False,
        ),
    ] = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    upgrade: Annotated[
        str,
        typer.Option("--upgrade", metavar="NAME", help="In this upgrade instead of the latest.", show_default=False),
    ] = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Say why an instance was upgraded, waits, was skipped, failed or is not eligible."""
    target, instance_id = instance_of(
        [first, second] if second else [first], group=group, name=name, subscription=subscription
    )
    with calling(server) as client:
        answer = client.explain_instance(target, instance_id, rolling_upgrade=upgrade)
        show(output, answer, lambda: explanation_page(answer))


def list_upgrades(
    scale_set: ScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    filter_terms: Annotated[
        str,
        typer.Option(
            "--filter", metavar="TERMS", help="Such as 'status = Faulted AND kind = EXTENSION'.", show_default=False
        ),
    ] = "",
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="The oldest first.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most this many.")] = 50,
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """List rolling upgrades, past and present; of one scale set, or of all."""
    is_of_one = bool(scale_set or group or name)
    target = scale_set_name(scale_set, group=group, name=name, subscription=subscription) if is_of_one else ""
    with calling(server) as client:
        found = client.list_rolling_upgrades(
            scale_set=target,
            filter_terms=filter_terms,
            order_by="start_time" if oldest_first else "",
            page_size=min(limit, 1000),
        )
        listed = list(islice(found, limit))
        show_all(output, listed, lambda: upgrades_table(listed))


def cancel(
    upgrade: UpgradeOrScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Begin nothing new; what was begun finishes, then the upgrade is Cancelled."""
    target = upgrade_or_scale_set(upgrade, group=group, name=name, subscription=subscription)
    _steer(server, output, lambda client: client.cancel_rolling_upgrade(target))


def pause(
    upgrade: UpgradeOrScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Begin nothing new until somebody resumes."""
    target = upgrade_or_scale_set(upgrade, group=group, name=name, subscription=subscription)
    _steer(server, output, lambda client: client.pause_rolling_upgrade(target))


def resume(
    upgrade: UpgradeOrScaleSet = "",
    group: Group = "",
    name: Name = "",
    subscription: Subscription = "",
    server: Server = USUAL_SERVER,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Go on with a paused upgrade."""
    target = upgrade_or_scale_set(upgrade, group=group, name=name, subscription=subscription)
    _steer(server, output, lambda client: client.resume_rolling_upgrade(target))


def _steer(server: str, output: OutputFormat, order: Callable[[Client], RollingUpgrade]) -> None:
    with calling(server) as client:
        upgrade = order(client)
        show(output, upgrade, lambda: upgrade_page(upgrade))
