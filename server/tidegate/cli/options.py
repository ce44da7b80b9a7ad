"""The options that many verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

from tidegate.cli.console import OutputFormat
from tidegate_client import DEFAULT_TARGET

USUAL_SERVER = DEFAULT_TARGET

Server = Annotated[
    str, typer.Option("--server", envvar="TIDEGATE_SERVER", metavar="HOST:PORT", help="The server to ask.")
]
Output = Annotated[
    OutputFormat, typer.Option("--output", "-o", help="For people, or the contract's JSON for programs.")
]
ScaleSet = Annotated[
    str,
    typer.Argument(metavar="SCALE_SET", help="The scale set's ARM id; or name it by -g and -n.", show_default=False),
]
UpgradeOrScaleSet = Annotated[
    str,
    typer.Argument(
        metavar="UPGRADE|SCALE_SET",
        help="The upgrade's name, or its scale set's ARM id; or name the scale set by -g and -n.",
        show_default=False,
    ),
]
Group = Annotated[
    str, typer.Option("--resource-group", "-g", help="The scale set's resource group.", show_default=False)
]
Name = Annotated[str, typer.Option("--name", "-n", help="The scale set's name in its group.", show_default=False)]
Subscription = Annotated[
    str,
    typer.Option(
        "--subscription", envvar="TIDEGATE_SUBSCRIPTION", help="The scale set's subscription.", show_default=False
    ),
]
IfEtag = Annotated[
    str, typer.Option("--if-etag", metavar="ETAG", help="Only if it still has this etag.", show_default=False)
]
