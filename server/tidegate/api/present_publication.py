"""Extension types, their published versions and their packages on the wire."""

from __future__ import annotations

from tidegate.api.present_moment import present_moment
from tidegate.domain.extension import ExtensionType, Publication
from tidegate.domain.package import Package
from tidegate.v1 import extension_catalog_service_pb2 as pb


def present_extension_type(extension_type: ExtensionType) -> pb.ExtensionType:
    """A handler's publisher and type."""
    return pb.ExtensionType(publisher=extension_type.publisher, type=extension_type.type)


def present_package(package: Package) -> pb.ExtensionPackage:
    """What a host must know to fetch it."""
    return pb.ExtensionPackage(
        sha256=package.sha256,
        size_bytes=package.size_bytes,
        supports_multiple_extensions=package.supports_multiple_extensions,
    )


def present_publication(publication: Publication, package: Package | None) -> pb.ExtensionVersion:
    """A published version, with its package where it has one."""
    return pb.ExtensionVersion(
        extension_type=present_extension_type(publication.extension_type),
        version=str(publication.version),
        publish_time=present_moment(publication.published_at_ms),
        package=None if package is None else present_package(package),
    )
