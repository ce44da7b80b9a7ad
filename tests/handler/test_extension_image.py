"""ExtensionImage files say what a package is: real ones, odd ones and broken ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate_handler.extension_image import (
    LARGEST_IMAGE_BYTES,
    ExtensionImage,
    ImageMalformed,
    read_extension_image,
)
from tidegate_handler.version import HandlerVersion


def written(**fields: str) -> bytes:
    named = {"ProviderNameSpace": "A.B", "Type": "C", "Version": "1.2"} | fields
    body = "".join(f"<{name}>{value}</{name}>" for name, value in named.items() if value != "absent")
    return f'<ExtensionImage xmlns="http://schemas.microsoft.com/windowsazure">{body}</ExtensionImage>'.encode()


def problems_of(data: bytes) -> list[str]:
    with pytest.raises(ImageMalformed) as refusal:
        read_extension_image(data)
    return list(map(str, refusal.value.problems))


def test_every_real_one_is_read(shared_data: Path) -> None:
    images = {
        path.name.removesuffix("__manifest.xml"): read_extension_image(path.read_bytes())
        for path in (shared_data / "handler-manifests").glob("*.xml")
    }
    assert len(images) == 14
    for image in images.values():
        assert image.supported_os == "Linux"
        assert (image.is_internal, image.is_json) == (True, True)
        assert not image.disallow_major_version_upgrade
        assert (image.regions, image.in_all_regions) == ((), False)
    assert {name for name, image in images.items() if image.supports_multiple_extensions} == {
        "run-command-handler-linux__misc"
    }
    backup = images["azure-linux-extensions__VMBackup"]
    assert (backup.publisher, backup.type) == ("Microsoft.Azure.RecoveryServices", "VMSnapshotLinux")
    assert str(backup.version) == "1.0.9184.0"


def test_what_is_not_said_has_its_default() -> None:
    assert read_extension_image(written()) == ExtensionImage(publisher="A.B", type="C", version=HandlerVersion("1.2"))


@pytest.mark.parametrize(
    ("text", "regions", "in_all"),
    [("absent", (), False), ("", (), True), ("West Europe; East US ;", ("West Europe", "East US"), False)],
)
def test_regions_are_none_some_or_all(text: str, regions: tuple[str, ...], in_all: bool) -> None:
    image = read_extension_image(written(Regions=text))
    assert (image.regions, image.in_all_regions) == (regions, in_all)


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("True", True), ("1", True), ("false", False), ("", False)]
)
def test_booleans_are_read_as_xml_has_them(text: str, value: bool) -> None:
    assert read_extension_image(written(DisallowMajorVersionUpgrade=text)).disallow_major_version_upgrade is value


def test_all_problems_are_told_at_once() -> None:
    data = written(ProviderNameSpace="absent", Type=" ", Version="one", IsJsonExtension="perhaps")
    assert problems_of(data) == [
        "ProviderNameSpace: is missing.",
        "Type: is missing.",
        "Version: must be one to four numbers joined by dots.",
        "IsJsonExtension: must be true or false.",
    ]


def test_a_field_that_is_there_twice_is_a_problem() -> None:
    assert problems_of(written().replace(b"</ExtensionImage>", b"<Type>D</Type></ExtensionImage>")) == [
        "Type: is there twice."
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is not XML, at line 1, column 1."),
        (b"<ExtensionImage>", "is not XML, at line 1, column 17."),
        (b"<Image/>", "must be the root element."),
        (b'<?xml version="1.0" encoding="klingon"?><ExtensionImage/>', "is not XML in an encoding that is known."),
        (b"<ExtensionImage/>" + b" " * LARGEST_IMAGE_BYTES, f"has more than {LARGEST_IMAGE_BYTES} bytes."),
        (
            b'<!DOCTYPE x [<!ENTITY a "aaaa">]><ExtensionImage>&a;</ExtensionImage>',
            "has a document type, which is not read.",
        ),
    ],
)
def test_what_is_no_such_file_is_refused_in_one_sentence(data: bytes, told: str) -> None:
    assert problems_of(data) == [f"ExtensionImage: {told}"]


def test_it_is_held_against_the_package_it_is_for() -> None:
    image = read_extension_image(written())
    assert image.disagreements("a.b", "c", HandlerVersion("1.2.0")) == ()
    assert list(map(str, image.disagreements("A.X", "D", HandlerVersion("1.3")))) == [
        "ProviderNameSpace: is A.B, and the package is A.X.",
        "Type: is C, and the package is D.",
        "Version: is 1.2, and the package is 1.3.",
    ]


@given(st.binary())
def test_rubbish_is_malformed_and_nothing_else(data: bytes) -> None:
    assert problems_of(data)


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=8))
def test_a_mutated_one_is_read_or_malformed_and_nothing_else(place: int, noise: bytes) -> None:
    data = b'<?xml version="1.0" encoding="utf-8"?>' + written(IsJsonExtension="true", Regions="a;b")
    cut = place % len(data)
    try:
        image = read_extension_image(data[:cut] + noise + data[cut + len(noise) :])
    except ImageMalformed:
        return
    assert image.publisher
