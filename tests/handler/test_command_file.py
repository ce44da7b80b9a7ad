"""What a command runs is a file of the package, found as an agent and its shell would find it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate_handler.command_file import CommandUnusable, check_head, command_file
from tidegate_handler.commands import Command
from tidegate_handler.manifest import read_manifest


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("bin/handler.sh install", "bin/handler.sh"),
        ("/bin/handler.sh install", "bin/handler.sh"),
        ("./handler.py -enable", "handler.py"),
        ("extension_shim.sh -c ./vmaccess.py  -e", "extension_shim.sh"),
        ("a/../b.sh", "b.sh"),
        ("a//b.sh", "a/b.sh"),
        ("'my tool' install", "my tool"),
        ('"my tool" install', "my tool"),
        (r"my\ tool install", "my tool"),
        ('"/bin/sh" x', "bin/sh"),
        ("a.sh;b.sh", "a.sh"),
        ("a.sh>out 2>&1", "a.sh"),
        ("a.sh|b.sh", "a.sh"),
        ("a#b.sh x", "a#b.sh"),
        ("python handler.py", "python"),
    ],
)
def test_the_first_word_names_the_file(command: str, name: str) -> None:
    assert command_file(command) == name


@pytest.mark.parametrize("command", ["$HOME/x", "`x`", "bin/*.sh", "bin/run?", "bin/[a]", ";x", "(x)", "&", ""])
def test_what_only_a_shell_understands_is_left_to_it(command: str) -> None:
    assert command_file(command) is None


@pytest.mark.parametrize("command", ["../x", "bin/../../x", "/../x", "..", "./.. y", "'../x'"])
def test_a_command_stays_in_the_folder_of_its_handler(command: str) -> None:
    with pytest.raises(CommandUnusable, match="outside of the handler's folder"):
        command_file(command)


@pytest.mark.parametrize("command", ["'x", '"x', "x\\"])
def test_a_quotation_is_closed(command: str) -> None:
    with pytest.raises(CommandUnusable, match="not closed"):
        command_file(command)


@given(st.text())
def test_any_command_is_found_left_to_the_shell_or_unusable(command: str) -> None:
    try:
        name = command_file(command)
    except CommandUnusable:
        return
    assert name is None or ".." not in name.split("/")


def test_the_commands_of_all_real_manifests_name_files(shared_data: Path) -> None:
    for path in sorted((shared_data / "handler-manifests").glob("*.json")):
        manifest = read_manifest(path.read_bytes())
        section = json.loads(path.read_text(encoding="utf-8-sig"))[0]["handlerManifest"]
        for command in Command:
            first = section[command.manifest_key].split()[0].removeprefix("./")
            assert command_file(manifest.command(command)) == first


@pytest.mark.parametrize("head", [b"#!/bin/sh\nexit 0\n", b"#!/usr/bin/env python3", b"\x7fELF\x02\x01\x01"])
def test_scripts_and_programs_can_be_started(head: bytes) -> None:
    assert check_head(head) is None


@pytest.mark.parametrize("head", [b"", b"import sys\n", b"\xef\xbb\xbf#!/bin/sh\n", b"\n#!/bin/sh\n"])
def test_a_file_without_an_interpreter_is_remarked(head: bytes) -> None:
    odd = check_head(head)
    assert odd is not None
    assert odd.startswith("begins with no #! line")


def test_a_carriage_return_hides_the_interpreter() -> None:
    with pytest.raises(CommandUnusable, match="carriage return"):
        check_head(b"#!/bin/sh\r\nexit 0\r\n")
    assert check_head(b"#!/bin/sh\nexit 0\r\n") is None
