"""The verbs of `tidegate ca`: init, operator, show. They need no server, only the authority's folder."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.console import OutputFormat, facts_grid, remarks, results, write_json
from tidegate.cli.exit_codes import ExitCode
from tidegate.cli.options import Output
from tidegate.cli.settings import usual_authority_folder
from tidegate.trust.identities import MalformedName
from tidegate.trust.key_files import write_secret
from tidegate.trust.unusable import TrustUnusable

# The library of certificates takes a while to load, which who asks for something else should not wait for.
if TYPE_CHECKING:
    from tidegate.trust.authority import Authority

verbs = typer.Typer(no_args_is_help=True, help="Make an authority for TLS, and credentials for those who operate.")

Folder = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        envvar="TIDEGATE_TLS",
        metavar="DIR",
        help="The authority's folder. [default: ca in the user's data folder]",
        show_default=False,
    ),
]
_USUAL_DAYS = 365
_DAY_SECONDS = 86_400.0


@verbs.command("init")
def init(
    folder: Folder = None,
    name: Annotated[str, typer.Option("--name", help="What its certificate calls it.")] = "Tidegate",
) -> None:
    """Make an authority, good for ten years. Whoever has its key can let anybody in: keep it as you keep your own."""
    from tidegate.trust.authority import create_authority

    where = folder or usual_authority_folder()
    try:
        authority = create_authority(where, name=name, now_ms=_now_ms)
    except TrustUnusable as unusable:
        raise _refused(str(unusable)) from unusable
    typer.echo(f"Made the authority {where}, SHA-256 {authority.fingerprint}.")
    remarks().print(
        f"Serve with it:       tidegate serve --listen HOST:PORT --tls {where}\n"
        f"Let an operator in:  tidegate ca operator NAME --out FILE --dir {where}",
        soft_wrap=True,
        style="dim",
    )


@verbs.command("operator")
def operator(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who it is for; a server's refusals name him so.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the credentials go; a new file.")],
    folder: Folder = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3_650, help="How long they are good.")] = _USUAL_DAYS,
) -> None:
    """Issue credentials with which somebody may operate a server: a key, its certificate and the authority's."""
    authority = _authority(folder)
    try:
        issued = authority.issue_operator(name, days * _DAY_SECONDS)
        write_secret(out, (issued.key_pem + issued.certificate_pem + authority.certificate_pem).encode("ascii"))
    except MalformedName as malformed:
        raise typer.BadParameter(str(malformed), param_hint="NAME") from malformed
    except FileExistsError as taken:
        raise typer.BadParameter(f"{out} is there already; name a new file.", param_hint="--out") from taken
    except TrustUnusable as unusable:
        raise _refused(str(unusable)) from unusable
    typer.echo(f"Wrote the credentials of {name} to {out}, good until {_day(issued.expires_at_ms)}.")
    remarks().print(f"Use them: --credentials {out}, or TIDEGATE_CREDENTIALS={out}", soft_wrap=True, style="dim")


@verbs.command("show")
def show(folder: Folder = None, output: Output = OutputFormat.TABLE) -> None:
    """Show the authority: its name, its fingerprint, and when it expires."""
    authority = _authority(folder)
    where = folder or usual_authority_folder()
    if output is OutputFormat.JSON:
        write_json(
            {
                "folder": str(where),
                "name": authority.name,
                "sha256Fingerprint": authority.fingerprint,
                "expireTime": f"{_moment(authority.expires_at_ms):%Y-%m-%dT%H:%M:%SZ}",
                "certificate": authority.certificate_pem,
            }
        )
        return
    facts = [
        ("name", authority.name),
        ("SHA-256", authority.fingerprint),
        ("good until", _day(authority.expires_at_ms)),
        ("certificate", str(where / "ca.pem")),
    ]
    results().print(facts_grid([("authority", str(where)), *facts]), soft_wrap=True)


def _authority(folder: Path | None) -> Authority:
    from tidegate.trust.authority import Authority

    try:
        return Authority.load(folder or usual_authority_folder(), now_ms=_now_ms)
    except TrustUnusable as unusable:
        raise _refused(str(unusable)) from unusable


def _refused(why: str) -> typer.Exit:
    remarks().print(f"error: {why}", style="bold red", soft_wrap=True)
    return typer.Exit(ExitCode.REFUSED)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1_000, UTC)


def _day(at_ms: int) -> str:
    return f"{_moment(at_ms):%Y-%m-%d}"
