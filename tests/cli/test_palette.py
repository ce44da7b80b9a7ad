"""Signs and colours."""

from rich.cells import cell_len
from rich.style import Style

from tidegate.cli.palette import (
    GRAVEST_FIRST,
    SIGNS,
    SPINNING,
    STATUS_STYLES,
    UNKNOWN_SIGN,
    VERDICT_STYLES,
    sign_of,
)
from tidegate_client.messages import InstanceStatus, StatusCode, Verdict


def test_every_status_has_a_sign_of_its_own_one_column_wide() -> None:
    assert set(SIGNS) == {value for value in InstanceStatus.values() if value}
    assert set(GRAVEST_FIRST) == set(SIGNS)
    for signs in ({sign.glyph for sign in SIGNS.values()}, {sign.letter for sign in SIGNS.values()}):
        assert len(signs) == len(SIGNS)
        assert all(cell_len(sign) == 1 for sign in signs)
    assert all(sign.letter.isascii() for sign in SIGNS.values())
    assert all(cell_len(glyph) == 1 for glyph in SPINNING)


def test_every_status_and_verdict_has_a_style_that_exists() -> None:
    assert set(STATUS_STYLES) == {value for value in StatusCode.values() if value}
    assert set(VERDICT_STYLES) == {value for value in Verdict.values() if value}
    for style in (*STATUS_STYLES.values(), *VERDICT_STYLES.values(), *(sign.style for sign in SIGNS.values())):
        Style.parse(style)


def test_a_status_of_a_newer_server_is_a_question_mark() -> None:
    assert sign_of(InstanceStatus.INSTANCE_STATUS_UNSPECIFIED) is UNKNOWN_SIGN
