"""What a server is told when it starts."""

from pathlib import Path

import pytest

from tidegate.cli.settings import Address, MalformedAddress, usual_data_folder


@pytest.mark.parametrize(
    ("text", "host", "port", "is_loopback"),
    [
        ("127.0.0.1:50551", "127.0.0.1", 50551, True),
        ("127.9.9.9:0", "127.9.9.9", 0, True),
        ("[::1]:1", "::1", 1, True),
        ("localhost:65535", "localhost", 65535, True),
        ("0.0.0.0:50551", "0.0.0.0", 50551, False),
        ("[::]:50551", "::", 50551, False),
        ("gate.example.org:50551", "gate.example.org", 50551, False),
        ("localhost.example.org:50551", "localhost.example.org", 50551, False),
    ],
)
def test_an_address_is_read_and_written_back(text: str, host: str, port: int, is_loopback: bool) -> None:
    address = Address.parse(text)
    assert (address.host, address.port, address.is_loopback) == (host, port, is_loopback)
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["", "50551", "127.0.0.1", "127.0.0.1:", "::1:50551", "a:b", "a:65536", "a:1:2", "a:1 "]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(MalformedAddress, match="write HOST:PORT"):
        Address.parse(text)


def test_data_lies_where_the_platform_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert usual_data_folder() == Path("/home/somebody/.local/share/tidegate")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert usual_data_folder() == Path("/data/tidegate")
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert usual_data_folder() == Path("/home/somebody/.local/share/tidegate")
    monkeypatch.setattr("sys.platform", "darwin")
    assert usual_data_folder() == Path("/home/somebody/Library/Application Support/tidegate")
