"""The options about TLS: what fits together, and what to run where it is missing."""

from pathlib import Path
from typing import Any

import pytest
import typer

from tidegate.cli.settings import Address, FleetKind, GivenTls, IssuedTls, Tls, usual_authority_folder
from tidegate.cli.tls_options import own_names, read_tls_options

A, B, C = Path("server.pem"), Path("server.key"), Path("clients.pem")
GIVEN: dict[str, Any] = {"certificate": A, "key": B, "clients_ca": C}


def read(listen: str = "127.0.0.1:0", fleet: FleetKind = FleetKind.SIMULATED, **how: Any) -> Tls | None:
    options: dict[str, Any] = {"folder": None, "names": None, "certificate": None, "key": None, "clients_ca": None}
    return read_tls_options(**options | how, address=Address.parse(listen), fleet=fleet)


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:0", "localhost:0"])
def test_loopback_needs_no_tls(listen: str) -> None:
    assert read(listen) is None


@pytest.mark.parametrize("listen", ["0.0.0.0:50551", "[::]:50551", "gate.example.org:50551", "192.0.2.1:50551"])
def test_what_other_machines_can_reach_is_refused_without_it_and_it_is_said_what_to_run(listen: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        read(listen)
    ends = f"Run: tidegate ca init, and then: tidegate serve --listen {listen} --tls {usual_authority_folder()}"
    assert str(refused.value).endswith(ends)


def test_an_authoritys_folder_is_enough_and_names_are_added_once() -> None:
    names = ["gate.example.org", "localhost"]
    for fleet in FleetKind:
        found = read("192.0.2.1:50551", fleet, folder=Path("ca"), names=names)
        assert isinstance(found, IssuedTls)
        assert found.folder == Path("ca")
        assert found.names[:4] == ("192.0.2.1", "localhost", "127.0.0.1", "::1")
        assert found.names[-1] == "gate.example.org"
        assert found.names.count("localhost") == 1


def test_a_wildcard_is_no_name() -> None:
    for listen in ("0.0.0.0:1", "[::]:1"):
        assert not {"0.0.0.0", "::"} & set(own_names(Address.parse(listen)))


def test_given_files_are_enough_where_no_host_joins() -> None:
    assert read("0.0.0.0:0", **GIVEN) == GivenTls(certificate=A, key=B, clients_ca=C)


@pytest.mark.parametrize("fleet", [FleetKind.AGENTS, FleetKind.MIXED])
def test_with_given_files_no_host_can_join_and_the_way_out_is_said(fleet: FleetKind) -> None:
    with pytest.raises(typer.BadParameter, match=r"ca\.key into a folder, and serve with --tls DIR instead"):
        read(fleet=fleet, **GIVEN)


@pytest.mark.parametrize("missing", ["certificate", "key", "clients_ca"])
def test_all_three_files_are_needed(missing: str) -> None:
    with pytest.raises(typer.BadParameter, match=f"needs --tls-{missing.replace('_', '-')} too"):
        read("0.0.0.0:0", **GIVEN | {missing: None})


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="not both"):
        read(folder=Path("ca"), key=B)
    with pytest.raises(typer.BadParameter, match="say that too"):
        read(names=["gate.example.org"])
    with pytest.raises(typer.BadParameter, match="say that too"):
        read(names=["gate.example.org"], **GIVEN)
