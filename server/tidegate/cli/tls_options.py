"""The options of `tidegate serve` that are about TLS: an authority's folder, or given files, or neither on loopback.

Law: where other machines can reach the server there is TLS, or there is no server; the message says what to run.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

from tidegate.cli.settings import Address, FleetKind, GivenTls, IssuedTls, Tls, usual_authority_folder

TlsFolder = Annotated[
    Path | None,
    typer.Option(
        "--tls",
        envvar="TIDEGATE_TLS",
        metavar="DIR",
        help="Speak TLS: the folder of the authority, as `tidegate ca init` makes it; certificates renew themselves.",
        show_default=False,
    ),
]
TlsNames = Annotated[
    list[str] | None,
    typer.Option(
        "--tls-name",
        metavar="NAME",
        help="A DNS name or address by which the server is reached, beside this machine's own; may be repeated.",
        show_default=False,
    ),
]
TlsCertificate = Annotated[
    Path | None,
    typer.Option(
        "--tls-certificate",
        metavar="FILE",
        help="Speak TLS with a certificate of your own: PEM, with its intermediates. Hosts cannot join then.",
        show_default=False,
    ),
]
TlsKey = Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its key.", show_default=False)]
TlsClientsCa = Annotated[
    Path | None,
    typer.Option("--tls-clients-ca", metavar="FILE", help="Who issues its callers' certificates.", show_default=False),
]

_OPEN_DOOR = (
    "{address} can be reached from other machines, and whoever reaches it may do everything: without TLS nobody has to "
    "show who he is. Run: tidegate ca init, and then: tidegate serve --listen {address} --tls {folder}"
)
_NO_HOSTS = (
    "With a certificate of your own no host can join: its certificate has to be issued, and for that the authority's "
    "key is needed. Put the authority's certificate as ca.pem and its key as ca.key into a folder, and serve with "
    "--tls DIR instead."
)


def read_tls_options(
    *,
    folder: Path | None,
    names: list[str] | None,
    certificate: Path | None,
    key: Path | None,
    clients_ca: Path | None,
    address: Address,
    fleet: FleetKind,
) -> Tls | None:
    """What the options say; None for no TLS.

    Raises:
        typer.BadParameter: they contradict each other, one is missing, or there are none and others could listen in.
    """
    given = {"--tls-certificate": certificate, "--tls-key": key, "--tls-clients-ca": clients_ca}
    missing = [option for option, value in given.items() if value is None]
    if folder is not None and len(missing) < len(given):
        raise typer.BadParameter("Say --tls DIR, or --tls-certificate, --tls-key and --tls-clients-ca, not both.")
    if names and folder is None:
        raise typer.BadParameter("--tls-name adds to the certificate that --tls DIR issues; say that too.")
    if folder is not None:
        return IssuedTls(folder=folder, names=tuple(dict.fromkeys((*own_names(address), *(names or ())))))
    if certificate is not None and key is not None and clients_ca is not None:
        if fleet is not FleetKind.SIMULATED:
            raise typer.BadParameter(_NO_HOSTS)
        return GivenTls(certificate=certificate, key=key, clients_ca=clients_ca)
    if len(missing) < len(given):
        raise typer.BadParameter(f"A certificate of your own needs {' and '.join(missing)} too.")
    if not address.is_loopback:
        raise typer.BadParameter(_OPEN_DOOR.format(address=address, folder=usual_authority_folder()))
    return None


def own_names(address: Address) -> tuple[str, ...]:
    """The names by which a server is reached that listens there: its host, loopback, and what the machine is called."""
    wildcards = {"0.0.0.0", "::"}
    named = [] if address.host in wildcards else [address.host]
    return tuple(dict.fromkeys([*named, "localhost", "127.0.0.1", "::1", *filter(None, [socket.gethostname()])]))
