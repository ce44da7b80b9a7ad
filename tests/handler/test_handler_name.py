"""Folders and packages are named after a handler, and a handler is found again by the name of its folder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate_handler.handler_name import (
    MalformedName,
    full_name,
    handler_name,
    package_file_name,
    read_full_name,
    same_name,
)
from tidegate_handler.version import HandlerVersion

NAME = "Microsoft.Azure.Extensions.CustomScript"
VERSION = HandlerVersion("2.1.6")


def test_a_handler_is_named_by_its_publisher_and_type() -> None:
    assert handler_name("Microsoft.Azure.Extensions", "CustomScript") == NAME
    assert full_name(NAME, VERSION) == "Microsoft.Azure.Extensions.CustomScript-2.1.6"
    assert package_file_name(NAME, VERSION) == "Microsoft.Azure.Extensions.CustomScript__2.1.6.zip"


@pytest.mark.parametrize(
    ("publisher", "handler_type"),
    [
        ("", "Type"),
        ("Publisher", ""),
        ("Pub-lisher", "Type"),
        ("Publisher", "Ty-pe"),
        ("../..", "etc"),
        ("Publisher", "a/b"),
        (".Publisher", "Type"),
        ("Publisher", "Type."),
        ("Pub..lisher", "Type"),
        ("Publisher", "Type\n"),
        ("Publisher", "Typ\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("P" * 100, "T" * 100),
    ],
)
def test_what_cannot_be_part_of_a_path_names_no_handler(publisher: str, handler_type: str) -> None:
    with pytest.raises(MalformedName, match="cannot name a handler"):
        handler_name(publisher, handler_type)


@given(st.from_regex(r"[A-Za-z0-9_.]{1,40}", fullmatch=True), st.from_regex(r"[A-Za-z0-9_.]{1,40}", fullmatch=True))
def test_every_folder_of_a_handler_is_found_again(publisher: str, handler_type: str) -> None:
    try:
        name = handler_name(publisher, handler_type)
    except MalformedName:
        return
    found = read_full_name(full_name(name, VERSION))
    assert found is not None
    assert (found[0], str(found[1])) == (name, "2.1.6")


@pytest.mark.parametrize(
    "text",
    ["", "config", "A.B", "A.B-", "-1.0", "A.B-1.0-2", "A.B-1.0.unpacking", ".A.B-1.0.unpacking", "A.B-1.2.3.4.5"],
)
def test_other_folders_are_no_handlers(text: str) -> None:
    assert read_full_name(text) is None


def test_case_does_not_make_another_handler() -> None:
    assert same_name(NAME, NAME.upper())
    assert not same_name(NAME, NAME + "2")
