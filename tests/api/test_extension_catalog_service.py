"""Published versions over the wire: made available, with packages and without, listed by their numbers, taken back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc

from tests.contracts.served import AGENT_TYPE, Served, refused, until
from tests.contracts.uploads import messages, refused_upload, upload
from tests.packages.packing import digest, package, zipped
from tidegate.api.settings import ApiSettings
from tidegate.packages.folder import FolderPackageStore
from tidegate.v1 import extension_catalog_service_pb2 as pb


def publishing(version: str, extension_type: pb.ExtensionType = AGENT_TYPE) -> pb.PublishExtensionVersionRequest:
    return pb.PublishExtensionVersionRequest(extension_type=extension_type, version=version)


async def versions(served: Served) -> list[str]:
    request = pb.ListExtensionVersionsRequest(extension_type=AGENT_TYPE)
    return [each.version for each in (await served.catalog.ListExtensionVersions(request)).extension_versions]


async def test_publishing_twice_changes_nothing() -> None:
    async with Served() as served:
        first = await served.catalog.PublishExtensionVersion(publishing("1.1"))
        again = await served.catalog.PublishExtensionVersion(publishing("1.1.0.0"))
        assert (first.created, again.created) == (True, False)
        assert again.extension_version == first.extension_version
        assert first.extension_version.extension_type == AGENT_TYPE
        assert first.extension_version.publish_time.seconds > 0


async def test_versions_are_listed_by_their_numbers_and_taken_back() -> None:
    async with Served() as served:
        for version in ("1.10", "1.9", "1.2.3"):
            await served.catalog.PublishExtensionVersion(publishing(version))
        assert await versions(served) == ["1.2.3", "1.9", "1.10"]
        await served.catalog.WithdrawExtensionVersion(
            pb.WithdrawExtensionVersionRequest(extension_type=AGENT_TYPE, version="1.9")
        )
        assert await versions(served) == ["1.2.3", "1.10"]


async def test_types_are_listed_page_by_page() -> None:
    async with Served() as served:
        for publisher in ("c", "A", "b"):
            await served.catalog.PublishExtensionVersion(
                publishing("1.0", pb.ExtensionType(publisher=publisher, type="Agent"))
            )
        found, token = [], ""
        while True:
            request = pb.ListExtensionTypesRequest(page_size=2, page_token=token)
            page = await served.catalog.ListExtensionTypes(request)
            found.append([each.publisher for each in page.extension_types])
            if not (token := page.next_page_token):
                break
        assert found == [["A", "b"], ["c"]]


async def test_what_is_wrong_is_refused() -> None:
    async with Served() as served:
        nothing = await refused(versions(served))
        assert (nothing.code, nothing.reason) == (grpc.StatusCode.NOT_FOUND, "EXTENSION_TYPE_NOT_FOUND")
        await served.catalog.PublishExtensionVersion(publishing("1.0"))
        unknown = await refused(
            served.catalog.WithdrawExtensionVersion(
                pb.WithdrawExtensionVersionRequest(extension_type=AGENT_TYPE, version="2.0")
            )
        )
        assert unknown.reason == "EXTENSION_VERSION_NOT_FOUND"
        malformed = await refused(served.catalog.PublishExtensionVersion(pb.PublishExtensionVersionRequest()))
        assert list(malformed.fields) == ["extension_type.publisher", "extension_type.type", "version"]
        token = await refused(served.catalog.ListExtensionTypes(pb.ListExtensionTypesRequest(page_token="x")))
        assert token.reason == "PAGE_TOKEN_MISMATCH"


# --- packages --------------------------------------------------------------------------------------------------------


async def listed(served: Served) -> list[pb.ExtensionVersion]:
    request = pb.ListExtensionVersionsRequest(extension_type=AGENT_TYPE)
    return list((await served.catalog.ListExtensionVersions(request)).extension_versions)


async def test_a_package_is_published_with_its_version(tmp_path: Path) -> None:
    content = package("large " * 400_000, reportHeartbeat="yes")
    async with Served(packages=await FolderPackageStore.open(tmp_path)) as served:
        answer = await upload(served, messages(content, piece_bytes=1_048_576))
        assert answer.created
        assert answer.extension_version.version == "1.1"
        assert answer.extension_version.package.sha256 == digest(content)
        assert answer.extension_version.package.size_bytes == len(content)
        assert any("reportHeartbeat" in remark for remark in answer.remarks)
        assert await listed(served) == [answer.extension_version]
        again = await upload(served, messages(content, sha256=digest(content)))
        assert not again.created
        assert again.extension_version == answer.extension_version
        alone = await served.catalog.PublishExtensionVersion(publishing("1.1"))
        assert alone.extension_version == answer.extension_version
    store = await FolderPackageStore.open(tmp_path)
    assert b"".join([piece async for piece in store.read(digest(content))]) == content


async def test_a_package_is_refused_for_what_is_wrong_with_it_and_nothing_is_published() -> None:
    content = package()
    async with Served() as served:
        for sent, where in (
            (messages(b"no zip"), "package"),
            (messages(content, sha256="0" * 64), "sha256"),
            (messages(content, size_bytes=len(content) + 1), "size_bytes"),
            (messages(content, size_bytes=len(content) - 1), "size_bytes"),
            (messages(content, size_bytes=10**12), "size_bytes"),
            (messages(zipped({"bin/handler": ""})), "HandlerManifest.json"),
        ):
            refusal = await refused_upload(served, sent)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PACKAGE_INVALID")
            assert where in refusal.fields
        assert (await refused(listed(served))).reason == "EXTENSION_TYPE_NOT_FOUND"


async def test_another_package_for_the_same_version_is_refused() -> None:
    async with Served() as served:
        await upload(served, messages(package("one")))
        conflict = await refused_upload(served, messages(package("two")))
        assert (conflict.code, conflict.reason) == (grpc.StatusCode.ALREADY_EXISTS, "PACKAGE_CONFLICT")
        assert conflict.resource == f"{AGENT_TYPE.publisher}/{AGENT_TYPE.type}/1.1"
        assert digest(package("one")) in conflict.message


async def test_a_malformed_upload_is_refused_field_by_field() -> None:
    async with Served() as served:
        refusal = await refused_upload(served, iter([pb.PublishExtensionPackageRequest(data=b"abc")]))
        assert (refusal.reason, list(refusal.fields)) == ("MALFORMED_REQUEST", ["header"])


async def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    content = package("large " * 100_000)
    async with Served(packages=await FolderPackageStore.open(tmp_path)) as served:
        hanging = asyncio.Event()

        async def half() -> AsyncIterator[pb.PublishExtensionPackageRequest]:
            sent = 0
            for message in messages(content):
                yield message
                sent += len(message.data)
                if sent > len(content) // 2:
                    hanging.set()
                    await asyncio.Event().wait()

        call: Any = served.catalog.PublishExtensionPackage(half())  # a call, of which the stubs tell less than there is
        await asyncio.wait_for(hanging.wait(), 10)
        await until(lambda: any(file.stat().st_size for file in tmp_path.rglob("*.part")))
        call.cancel()
        await until(lambda: not [file for file in tmp_path.rglob("*") if file.is_file()])
        assert (await refused(listed(served))).reason == "EXTENSION_TYPE_NOT_FOUND"
        assert (await upload(served, messages(content))).created


async def test_a_caller_who_stops_sending_is_let_go(tmp_path: Path) -> None:
    settings = ApiSettings(grace_seconds=0.5, unary_seconds=0.2)
    async with Served(settings=settings, packages=await FolderPackageStore.open(tmp_path)) as served:

        async def silent() -> AsyncIterator[pb.PublishExtensionPackageRequest]:
            for message in messages(package()):
                yield message
                await asyncio.Event().wait()

        refusal = await refused(served.catalog.PublishExtensionPackage(silent()))
        assert refusal.code == grpc.StatusCode.DEADLINE_EXCEEDED
        await until(lambda: not list(tmp_path.rglob("*.part")))
