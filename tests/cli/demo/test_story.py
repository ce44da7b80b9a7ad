"""The story of the demo on a drawn stage; its outcome in lines is tried in `test_demo_verb`."""

import io
import re
from pathlib import Path

from rich.console import Console

from tidegate.cli.demo.definitions import scenario_text
from tidegate.cli.demo.embedded import embedded_server
from tidegate.cli.demo.story import Story
from tidegate.cli.settings import Address, Settings
from tidegate.cli.shipped_rules import shipped_rules_path
from tidegate.cli.stage import Stage
from tidegate_client import Client

SPEED = 50.0


def test_the_story_is_drawn_within_a_small_terminal(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=24, no_color=True)
    # Its machines are well at once, which is quicker than being asked again.
    (tmp_path / "fleet.yaml").write_text(scenario_text(SPEED).replace("scaleSet: web-frontend", "scaleSet: nobody"))
    settings = Settings(
        address=Address(host="127.0.0.1", port=0),
        data=None,
        policies=shipped_rules_path(),
        policies_shown_as="rules",
        scenario=tmp_path / "fleet.yaml",
    )
    stage = Stage(console=console, is_drawn=True, reading_seconds=0.0)
    with embedded_server(settings) as address, Client(str(address)) as client:
        Story(client, stage, SPEED).tell()
    assert isinstance(console.file, io.StringIO)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue())
    lines = [line.rstrip("\r") for line in shown.splitlines()]
    assert max(map(len, lines)) <= 80
    for text in (
        "zone 3  ●●●●●●●●●●●●",
        "instances  ●●●●●●○●●○●○○●○●························",
        "halt  too-many-unhealthy-after-a-batch  rules/azure-default.yaml:",
        "What happened",
    ):
        assert any(text in line for line in lines), text
