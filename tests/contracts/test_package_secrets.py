"""What stands in a package goes to the hosts that fetch it and nowhere else: no answer, refusal or log has it."""

import json
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import grpc
import pytest
import structlog
from structlog.testing import capture_logs

from tests.contracts.served import AGENT_TYPE, Served
from tests.contracts.test_secrets import answer_of
from tests.contracts.uploads import messages, upload
from tests.packages.packing import COMMANDS, manifest, package, zipped
from tidegate.packages.folder import FolderPackageStore
from tidegate.v1 import extension_catalog_service_pb2 as pb

SECRET = "Tr0ub4dor&3"


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged, debug included."""
    structlog.reset_defaults()
    with capture_logs() as captured:
        yield captured


def planted() -> Iterator[bytes]:
    """Packages with a secret wherever a package may have one: some are taken, others refused for every reason."""
    script = f"#!/bin/sh\nPASSWORD={SECRET}\n"
    spoiled = manifest(installCommand=[SECRET], updateMode=[SECRET])
    yield package(SECRET)
    yield package(SECRET, reportHeartbeat=SECRET, resetStateCommand=SECRET, unknown={"password": SECRET})
    yield zipped({"HandlerManifest.json": SECRET, "bin/handler": script})
    yield zipped({"HandlerManifest.json": json.dumps([{"handlerManifest": SECRET}]), "bin/handler": script})
    yield zipped({"HandlerManifest.json": manifest(enableCommand=f"bin/handler --password {SECRET}"), "other": script})
    yield zipped({"HandlerManifest.json": spoiled, "bin/handler": script})
    signed = [{"handlerManifest": COMMANDS, "signingInfo": {"version": SECRET, "type": SECRET, "publisher": SECRET}}]
    yield zipped({"HandlerManifest.json": json.dumps(signed), "bin/handler": script})
    yield package(SECRET)[:-40]
    yield SECRET.encode() * 1_000


async def told_of(served: Served, content: bytes, version: str, **header: Any) -> str:
    """Everything that a publisher sees of his upload: the answer, or the refusal with all its metadata."""
    try:
        return str(await upload(served, messages(content, version, **header)))
    except grpc.RpcError as error:
        refusal: Any = error  # a call too, whatever the stubs say
        return f"{refusal.details()} {refusal.debug_error_string()} {refusal.trailing_metadata()}"


async def test_what_stands_in_a_package_goes_nowhere(tmp_path: Path, lines: list[MutableMapping[str, Any]]) -> None:
    async with Served(packages=await FolderPackageStore.open(tmp_path)) as served:
        seen = [await told_of(served, each, f"1.{number}") for number, each in enumerate(planted())]
        lies: list[dict[str, Any]] = [
            {"size_bytes": 10},
            {"size_bytes": 10_000},
            {"sha256": "0" * 64},
            {"sha256": SECRET},
        ]
        seen += [await told_of(served, package(SECRET), "1.99", **lie) for lie in lies]
        seen.append(await told_of(served, package("another one"), "1.0"))
        request = pb.ListExtensionVersionsRequest(extension_type=AGENT_TYPE)
        seen.append(await answer_of(served.catalog.ListExtensionVersions(request)))
    assert sum("PACKAGE_INVALID" in each for each in seen) >= 8
    assert "PACKAGE_CONFLICT" in str(seen)
    assert SECRET not in str(seen)
    assert len(lines) >= len(seen)
    assert SECRET not in str(lines)
    records = records_in(tmp_path)
    assert len(records) >= 3
    assert SECRET not in str(records)


def records_in(folder: Path) -> list[str]:
    """What the store wrote beside the packages."""
    return [path.read_text() for path in folder.glob("*.json")]
