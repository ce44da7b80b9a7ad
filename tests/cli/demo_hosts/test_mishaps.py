"""Mishaps happen in their batch, once, and are waited for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.samples import SCALE_SET, SUBSCRIPTION, arm_resource
from tidegate.cli.demo.embedded import embedded_server
from tidegate.cli.demo_hosts.mishaps import Mishaps
from tidegate.cli.settings import Address, Settings
from tidegate.cli.shipped_rules import shipped_rules_path
from tidegate_client import Client
from tidegate_client.messages import UpgradeEvent


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A client of a server with machines that take their time, so that nobody begins to watch too late."""
    (tmp_path / "slow.yaml").write_text("upgradeSeconds: 0.3\n")
    settings = Settings(
        address=Address(host="127.0.0.1", port=0),
        data=None,
        policies=shipped_rules_path(),
        policies_shown_as="rules",
        scenario=tmp_path / "slow.yaml",
    )
    with embedded_server(settings) as address, Client(str(address)) as made:
        made.enroll_subscription(SUBSCRIPTION)
        made.put_scale_set(SCALE_SET, arm_resource("web", capacity=4, batch_percent=25))
        yield made


def test_a_mishap_happens_once_in_its_batch_and_is_over_before_the_block(client: Client) -> None:
    happened: list[tuple[int, int]] = []

    def happen(event: UpgradeEvent) -> None:
        happened.append((event.batch_number, len(event.instance_ids)))

    upgrade = client.start_os_rolling_upgrade(SCALE_SET, image_version="2.0")
    with Mishaps(client, upgrade.name, {2: happen, 3: happen, 9: happen}):
        pass
    assert happened == [(2, 1), (3, 1)]


def test_a_mishap_that_goes_wrong_is_told_at_the_end_of_the_block(client: Client) -> None:
    def happen(event: UpgradeEvent) -> None:
        raise OSError("no such process")

    upgrade = client.start_os_rolling_upgrade(SCALE_SET, image_version="2.0")
    with pytest.raises(OSError, match="no such process"), Mishaps(client, upgrade.name, {2: happen}):
        pass


def test_whoever_leaves_the_block_by_an_error_does_not_wait_for_the_upgrade(client: Client) -> None:
    upgrade = client.start_os_rolling_upgrade(SCALE_SET, image_version="2.0")
    with pytest.raises(KeyError), Mishaps(client, upgrade.name, {}):
        raise KeyError
    assert not client.get_rolling_upgrade(upgrade.name).rolling_upgrade.HasField("end_time")
