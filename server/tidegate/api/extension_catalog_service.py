"""ExtensionCatalogService: which versions of which extensions are published, and with which packages."""

from __future__ import annotations

from contextlib import aclosing

from tidegate.api.fields import Fields
from tidegate.api.package_upload import read_offer, read_pieces
from tidegate.api.page_token import give_page_token, read_page_token
from tidegate.api.present_publication import present_extension_type, present_publication
from tidegate.api.requests import Requests
from tidegate.executor.resources import Resources
from tidegate.v1 import extension_catalog_service_pb2 as pb

_NO_PACKAGE = (
    "This server has no package of it: hosts cannot install it, and an upgrade to it will fail on the first of them. "
    "Publish the package under the same version: tidegate catalog publish PACKAGE.zip."
)


class ExtensionCatalogService:
    """Answers for the publications that the resources keep."""

    def __init__(self, resources: Resources, *, has_hosts: bool = False) -> None:
        """`has_hosts`: hosts may join this server, and fetch from it what they run."""
        self._resources = resources
        self._has_hosts = has_hosts

    async def PublishExtensionVersion(
        self, request: pb.PublishExtensionVersionRequest
    ) -> pb.PublishExtensionVersionResponse:
        """Makes a version available, and with that starts upgrades wherever it is wanted."""
        with Fields() as fields:
            extension_type = fields.extension_type("extension_type", request.extension_type)
            version = fields.version("version", request.version)
        publication, created = await self._resources.publish(extension_type, version)
        package = (await self._resources.packages(extension_type)).get(publication.version)
        return pb.PublishExtensionVersionResponse(
            extension_version=present_publication(publication, package),
            created=created,
            remarks=[_NO_PACKAGE] if package is None and self._has_hosts else [],
        )

    async def PublishExtensionPackage(
        self, requests: Requests[pb.PublishExtensionPackageRequest]
    ) -> pb.PublishExtensionPackageResponse:
        """Takes a package in, and makes its version available once the package is kept."""
        offer = await read_offer(requests)
        async with aclosing(read_pieces(requests)) as pieces:
            published = await self._resources.publish_package(offer, pieces)
        return pb.PublishExtensionPackageResponse(
            extension_version=present_publication(published.publication, published.package),
            created=published.created,
            remarks=published.remarks,
        )

    async def WithdrawExtensionVersion(
        self, request: pb.WithdrawExtensionVersionRequest
    ) -> pb.WithdrawExtensionVersionResponse:
        """Takes a version back."""
        with Fields() as fields:
            extension_type = fields.extension_type("extension_type", request.extension_type)
            version = fields.version("version", request.version)
        await self._resources.withdraw_version(extension_type, version)
        return pb.WithdrawExtensionVersionResponse()

    async def ListExtensionTypes(self, request: pb.ListExtensionTypesRequest) -> pb.ListExtensionTypesResponse:
        """A page of types with at least one version."""
        with Fields() as fields:
            limit = fields.page_size("page_size", request.page_size, usual=50, most=1_000)
        query = ("extension types",)
        key = read_page_token(query, request.page_token)
        found = await self._resources.extension_types("" if key is None else str(key[0]), limit + 1)
        page = found[:limit]
        return pb.ListExtensionTypesResponse(
            extension_types=[present_extension_type(extension_type) for extension_type in page],
            next_page_token=give_page_token(query, [page[-1].key]) if len(found) > limit else "",
        )

    async def ListExtensionVersions(self, request: pb.ListExtensionVersionsRequest) -> pb.ListExtensionVersionsResponse:
        """Every version of one type, the oldest first."""
        with Fields() as fields:
            extension_type = fields.extension_type("extension_type", request.extension_type)
        versions = await self._resources.versions(extension_type)
        packages = await self._resources.packages(extension_type)
        return pb.ListExtensionVersionsResponse(
            extension_versions=[present_publication(each, packages.get(each.version)) for each in versions]
        )
