"""Protected settings opened as handlers open them, by `openssl cms -decrypt`."""

from __future__ import annotations

import subprocess
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from tests.fleets.agents.peers import settings_certificate, settings_key


def decrypted(sealed: bytes, key: int, folder: Path) -> bytes | None:
    """What a host with that settings key reads; None where it cannot."""
    certificate, private = folder / f"{key}.crt", folder / f"{key}.prv"
    certificate.write_text(settings_certificate(key))
    private.write_bytes(
        settings_key(key).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    command = ["openssl", "cms", "-inform", "DER", "-decrypt", "-recip", str(certificate), "-inkey", str(private)]
    done = subprocess.run(command, input=sealed, capture_output=True, timeout=10, check=False)
    return done.stdout if done.returncode == 0 else None
