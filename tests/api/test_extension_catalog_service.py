"""Published versions over the wire: made available, listed by their numbers, taken back."""

import grpc

from tests.contracts.served import AGENT_TYPE, Served, refused
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
