"""Extension types and their published versions on the wire."""

from __future__ import annotations

from tidegate.api.present_moment import present_moment
from tidegate.domain.extension import ExtensionType, Publication
from tidegate.v1 import extension_catalog_service_pb2 as pb


def present_extension_type(extension_type: ExtensionType) -> pb.ExtensionType:
    """A handler's publisher and type."""
    return pb.ExtensionType(publisher=extension_type.publisher, type=extension_type.type)


def present_publication(publication: Publication) -> pb.ExtensionVersion:
    """A published version."""
    return pb.ExtensionVersion(
        extension_type=present_extension_type(publication.extension_type),
        version=str(publication.version),
        publish_time=present_moment(publication.published_at_ms),
    )
