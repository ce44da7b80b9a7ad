"""What unquoted words of YAML mean here."""

import pytest

from tidegate.policy.scalars import AmbiguousWord, Scalar, read_plain


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("true", True),
        ("false", False),
        ("", None),
        ("~", None),
        ("null", None),
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("1.10", 1.1),
        ("20%", "20%"),
        ("PT5M", "PT5M"),
        ("1.2.3", "1.2.3"),
        ("westeurope", "westeurope"),
        ("Note", "Note"),
        ("nobody", "nobody"),
    ],
)
def test_plain_words_have_one_meaning(word: str, meaning: Scalar) -> None:
    assert read_plain(word) == meaning
    assert type(read_plain(word)) is type(meaning)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("yes", "true"),
        ("Yes", "true"),
        ("ON", "true"),
        ("y", "true"),
        ("TRUE", "true"),
        ("True", "true"),
        ("no", "false"),
        ("NO", "false"),
        ("off", "false"),
        ("n", "false"),
        ("False", "false"),
    ],
)
def test_words_that_are_truth_to_some_readers_are_refused(word: str, meant: str) -> None:
    with pytest.raises(AmbiguousWord, match=f'Write {meant} if the truth value is meant, or "{word}" in quotes'):
        read_plain(word)


@pytest.mark.parametrize(
    "word",
    [
        "010",
        "0x1F",
        "0o17",
        "0b11",
        "1_000",
        "12:30",
        "190:20:30",
        "2020-01-01",
        "2020-01-01T10:00:00Z",
        "1e3",
        ".5",
        "5.",
        "+5",
        "-0",
        ".inf",
        "-.INF",
        ".nan",
        "Null",
        "NULL",
        "<<",
        "=",
        "1" * 16,
    ],
)
def test_numbers_and_dates_that_readers_disagree_about_are_refused(word: str) -> None:
    with pytest.raises(AmbiguousWord, match="in quotes"):
        read_plain(word)
