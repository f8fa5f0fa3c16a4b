"""An authority of the test, and a server's certificate for one name that it signed."""

import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.support.patience import patient

__all__ = ["OwnCertificate", "own_certificate"]


class OwnCertificate(NamedTuple):
    """What a server shows, and who is believed."""

    authority: Path
    server: ssl.SSLContext


def own_certificate(folder: Path, name: str) -> OwnCertificate:
    """One for `name`; its files lie in `folder`."""
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    for words in (
        (*new, "-subj", "/CN=Own authority", "-keyout", "ca.key", "-out", "ca.pem"),
        (
            *new, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-addext",
            "basicConstraints=critical,CA:FALSE", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-keyout", "server.key", "-out", "server.pem",
        ),
    ):  # fmt: skip
        subprocess.run(("openssl", *words), cwd=folder, check=True, capture_output=True, timeout=patient(30))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return OwnCertificate(folder / "ca.pem", context)
