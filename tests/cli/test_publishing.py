"""The two forms of `tidegate catalog publish`, and every mix of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidegate.cli.publishing import FORMS, Names, VersionAlone, WithPackage, WrongWords, read_words

TELLING = "Contoso.Web.Front.Server__1.2.3.zip"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two packages: one whose name tells everything, one whose name tells nothing."""
    for name in (TELLING, "handler.zip"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def read(*words: str | Path, publisher: str = "", type_name: str = "", version: str = "") -> VersionAlone | WithPackage:
    return read_words([str(word) for word in words], publisher=publisher, type_name=type_name, version=version)


def test_three_words_are_a_version_alone() -> None:
    assert read("P", "T", "1.0") == VersionAlone(names=Names(publisher="P", type_name="T", version="1.0"))


def test_a_file_with_all_options_is_a_package(folder: Path) -> None:
    file = folder / "handler.zip"
    names = Names(publisher="P", type_name="T", version="1.0")
    assert read(file, publisher="P", type_name="T", version="1.0") == WithPackage(names=names, file=file)


def test_the_name_of_a_file_tells_what_was_left_out(folder: Path) -> None:
    file = folder / TELLING
    told = Names(publisher="Contoso.Web.Front", type_name="Server", version="1.2.3")
    assert read(file) == WithPackage(names=told, file=file)
    other = Names(publisher="Contoso.Web.Front", type_name="Server", version="2.0")
    assert read(file, version="2.0") == WithPackage(names=other, file=file)


@pytest.mark.parametrize(
    ("words", "options", "why"),
    [
        ([], {}, "Nothing is named"),
        (["nowhere.zip"], {}, "There is no file"),
        (["handler.zip"], {}, "--publisher, --type and --version must be given"),
        (["handler.zip"], {"publisher": "P", "version": "1.0"}, "--type must be given"),
        (["P", "T", "1.0"], {"version": "1.0"}, "but --version came too"),
        (["P", "T"], {"version": "1.0"}, "2 words"),
        (["handler.zip", "P", "T", "1.0"], {}, "4 words"),
    ],
)
def test_every_other_mix_is_refused_with_both_forms(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], options: dict[str, str], why: str
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(WrongWords) as wrong:
        read(*words, **options)
    assert why in str(wrong.value)
    assert str(wrong.value).endswith(FORMS)


def test_a_folder_is_no_package(folder: Path) -> None:
    with pytest.raises(WrongWords, match="no file"):
        read(folder)
