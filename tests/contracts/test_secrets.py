"""A secret that comes in with a resource goes nowhere: not into an answer, a refusal, a log line, or the store."""

import json
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog
from google.protobuf.message import Message
from structlog.testing import capture_logs

from tests.contracts.served import Served, arm_id
from tests.executor.world import SHIELD, extension, resource
from tidegate.journal.sqlite import SqliteStore
from tidegate.trust.safe import Safe
from tidegate.v1 import rolling_upgrade_service_pb2 as upgrade_pb
from tidegate.v1 import scale_set_service_pb2 as pb

SECRET = "Tr0ub4dor&3"
PLANTED = {
    "adminPassword": SECRET,
    "ADMINPASSWORD": {"value": SECRET},
    "customData": SECRET,
    "userData": [SECRET],
    "protectedSettings": {"storageAccountKey": SECRET},
}


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged, debug included."""
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def planted_extension(name: str) -> dict[str, object]:
    """An extension with secrets wherever extensions have them, and where they have not."""
    entry: Any = extension(SHIELD) | {"name": name}
    entry["properties"] |= PLANTED | {"settings": {"protectedSettings": SECRET}}
    return entry  # type: ignore[no-any-return]  # JSON, whatever it is


def planted_resource() -> dict[str, object]:
    """A scale set with secrets in every corner."""
    put: Any = resource(2, extensions=[extension(), planted_extension("shield")])
    put["properties"]["virtualMachineProfile"]["osProfile"] = PLANTED | {
        "windowsConfiguration": {"additionalUnattendContent": [{"content": SECRET}]}
    }
    return put | PLANTED  # type: ignore[no-any-return]  # as above


def puts() -> Iterator[pb.PutScaleSetRequest]:
    """Resources that are taken, and resources that are refused for every reason there is."""
    well = planted_resource()
    yield pb.PutScaleSetRequest(name=arm_id("web"), resource_json=json.dumps(well), validate_only=True)
    yield pb.PutScaleSetRequest(name=arm_id("web"), resource_json=json.dumps(well))
    for wrong in (
        json.dumps(well)[:-1],
        json.dumps([well]),
        json.dumps(well | {"sku": {"capacity": PLANTED}}),
        json.dumps(well | {"sku": {"capacity": "[parameters('count')]"}}),
        json.dumps(well | {"location": PLANTED}),
        json.dumps(well | {"zones": PLANTED}),
        json.dumps(well | {"id": "/elsewhere"}),
    ):
        yield pb.PutScaleSetRequest(name=arm_id("web"), resource_json=wrong)
    yield pb.PutScaleSetRequest(name=arm_id("web"), resource_json=json.dumps(well), etag="old")


async def answer_of(call: Any) -> str:
    """Everything that a caller sees of the call: the answer, or the refusal with all its metadata."""
    try:
        answer: Message = await call
    except grpc.aio.AioRpcError as error:
        return f"{error.details()} {error.debug_error_string()} {error.trailing_metadata()}"
    return str(answer)


@pytest.mark.parametrize("is_kept", [False, True])
async def test_a_secret_goes_nowhere(tmp_path: Path, lines: list[MutableMapping[str, Any]], *, is_kept: bool) -> None:
    """`is_kept`: there is a safe, which protected settings go into; from there they come back to nobody either."""

    async def open_store() -> SqliteStore:
        return await SqliteStore.open(tmp_path / "journal")

    safe = Safe.open(tmp_path) if is_kept else None
    async with Served(open_store=open_store, secrets=safe) as served:
        seen = [await answer_of(served.scale_sets.PutScaleSet(put)) for put in puts()]
        for child in (planted_extension("guard"), planted_extension("guard") | {"properties": {"publisher": PLANTED}}):
            request = pb.PutScaleSetExtensionRequest(
                name=f"{arm_id('web')}/extensions/guard", resource_json=json.dumps(child)
            )
            seen.append(await answer_of(served.scale_sets.PutScaleSetExtension(request)))
        await served.put("other")
        await served.publish("1.1")
        seen.append(str(await served.start()))
        seen.append(str(await served.ended()))
        seen += [
            await answer_of(served.scale_sets.GetScaleSet(pb.GetScaleSetRequest(name=arm_id("web")))),
            await answer_of(served.scale_sets.ListScaleSets(pb.ListScaleSetsRequest())),
            await answer_of(served.scale_sets.ListInstances(pb.ListInstancesRequest(scale_set=arm_id("web")))),
            await answer_of(
                served.upgrades.ExplainInstance(
                    upgrade_pb.ExplainInstanceRequest(scale_set=arm_id("web"), instance_id="0")
                )
            ),
        ]
        watch = served.upgrades.WatchRollingUpgrade(upgrade_pb.WatchRollingUpgradeRequest(name=arm_id("web")))
        seen += [str(item) async for item in watch]
        kept_while_open = content(tmp_path)
        if safe is not None:
            key = arm_id("web").lower()
            assert SECRET.encode() in (safe.text(key, "shield") or b"") + (safe.text(key, "guard") or b"")
            safe.close()
    assert "guard" in str(seen)
    assert SECRET not in str(seen)
    assert len(lines) > 20
    assert SECRET not in str(lines)
    for kept in (kept_while_open, content(tmp_path)):
        assert b"shield" in b"".join(kept.values())
        assert [name for name, text in kept.items() if SECRET.encode() in text] == []


def content(folder: Path) -> dict[str, bytes]:
    """Every file of the folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}
