"""Where a host says that its probe goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.probe_address import ProbeAddress, ProbeAddressMalformed, read_probe_address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("web-0", "web-0", None),
        ("web-0.example.com:8080", "web-0.example.com", 8080),
        ("WEB-0", "web-0", None),
        ("my_host:1", "my_host", 1),
        ("10.0.0.4", "10.0.0.4", None),
        ("10.0.0.4:65535", "10.0.0.4", 65535),
        ("[::1]:80", "::1", 80),
        ("[fd00::1]", "fd00::1", None),
        ("fd00:0:0::1", "fd00::1", None),
    ],
)
def test_a_place_is_read(text: str, host: str, port: int | None) -> None:
    assert read_probe_address(text) == ProbeAddress(host=host, port=port)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "web 0", " web", "web ", "web\n", "web\0", "wéb",
        "http://web", "web/health", "//web", "user@web", "web?x", "web#x", "web\\x",
        ":80", "web:", "web:0", "web:65536", "web:http", "web:+80", "web: 80", "web:8:0", "web:٣",
        "[::1", "::1]", "[]", "[]:80", "[web]:80", "[10.0.0.1]:80", "[::1]80", "[::1]:", "[::1]:x",
        "fe80::1%eth0", "[fe80::1%eth0]:80", "::g",
        "127.1", "2130706433", "0x7f000001", "10.0.0.256", "10.0.0.4.5", "010.0.0.1", "web.0x1", "web.1",
        "-web", "web-", "web..example", ".web", "web.", "a" * 64, ".".join(["a" * 63] * 5),
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ProbeAddressMalformed):
        read_probe_address(text)


def test_a_refusal_says_what_to_write_and_does_not_repeat_what_was_written() -> None:
    with pytest.raises(ProbeAddressMalformed) as refusal:
        read_probe_address("https://user:hunter2@web/")
    assert "host:port" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_literal_is_told_from_a_name() -> None:
    assert str(read_probe_address("10.0.0.4:80").literal) == "10.0.0.4"
    assert str(read_probe_address("[::1]:80").literal) == "::1"
    assert read_probe_address("web:80").literal is None


@given(st.text(alphabet=st.sampled_from("a1.:-_[]%/@ \0é0x"), max_size=24))
def test_any_text_is_a_place_or_refused(text: str) -> None:
    try:
        place = read_probe_address(text)
    except ProbeAddressMalformed:
        return
    assert place.port is None or 1 <= place.port <= 65_535
    assert not set(place.host) & set("/@[]% \0é")
    bracketed = f"[{place.host}]" if ":" in place.host else place.host
    assert read_probe_address(bracketed if place.port is None else f"{bracketed}:{place.port}") == place
