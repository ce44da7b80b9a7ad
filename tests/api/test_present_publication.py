"""Types and versions on the wire."""

from tests.executor.world import AGENT
from tidegate.api.present_moment import present_moment
from tidegate.api.present_publication import present_extension_type, present_publication
from tidegate.domain.extension import Publication
from tidegate.domain.version import Version
from tidegate.v1 import extension_catalog_service_pb2 as pb

TYPE = pb.ExtensionType(publisher="Contoso.Monitor", type="Agent")


def test_a_type_keeps_the_case_in_which_it_was_published() -> None:
    assert present_extension_type(AGENT) == TYPE


def test_a_version_keeps_its_text_and_its_moment() -> None:
    publication = Publication(extension_type=AGENT, version=Version("1.10"), published_at_ms=1_500)
    wanted = pb.ExtensionVersion(extension_type=TYPE, version="1.10", publish_time=present_moment(1_500))
    assert present_publication(publication) == wanted
