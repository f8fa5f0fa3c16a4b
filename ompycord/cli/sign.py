"""`ompycord sign`: what anybody needs to post an event by hand; counterpart of `http/signature.py`."""

import os
import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ompycord.cli.places import DataDir, settings_of
from ompycord.errors import ConfigurationError, StartError

__all__ = ["sign"]

DEFAULT_URL = "http://127.0.0.1:8787"
PATH = "/api/webhook/event"


def sign(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The request's body; - is standard input.")],
    key: Annotated[
        str | None, typer.Option(help="The id of a signing key (`ompycord keys add --kind hmac`) of this data folder.")
    ] = None,
    curl: Annotated[bool, typer.Option("--curl", help="Print a whole curl command instead.")] = False,
    webhook_id: Annotated[str | None, typer.Option("--id", help="The webhook-id; without it a new one.")] = None,
    url: Annotated[str | None, typer.Option(help="The sidecar, for --curl. Without it: OMPYCORD_URL.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Print the three headers that sign this body; they hold for five minutes.

    The secret is OMP_WEBHOOK_SECRET, else what the data folder holds, or the one of --key.
    """
    from ompycord.http import is_webhook_id, parse_secret
    from ompycord.http import sign as sign_body

    body = _read(file)
    secret = parse_secret(_secret(key, data_dir))
    if webhook_id is None:
        webhook_id = f"msg_{os.urandom(12).hex()}"
    if not is_webhook_id(webhook_id):
        raise typer.BadParameter("--id has 1 to 128 letters, digits, _ and -.")
    timestamp = str(int(time.time()))
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": sign_body(secret, webhook_id=webhook_id, timestamp=timestamp, body=body),
    }
    if not curl:
        typer.echo("\n".join(f"{name}: {value}" for name, value in headers.items()))
        return
    address = (url or os.environ.get("OMPYCORD_URL", "").strip() or DEFAULT_URL).rstrip("/") + PATH
    typer.echo(_curl(address, headers, file, body))


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read ({error.strerror}).") from None


def _secret(key: str | None, data_dir: Path | None) -> str:
    from ompycord.app.access_keys.key_secrets import KeySecrets

    settings = settings_of(data_dir)
    folder = settings.data_dir.expanduser()
    if key is not None:
        secret = KeySecrets(folder).get(key)
        if secret is None:
            raise StartError(
                "This data folder holds no signing key of that id: `ompycord keys list` shows them (hmac)."
            )
        return secret
    if settings.webhook.secret is not None:
        return settings.webhook.secret.get_secret_value()
    try:
        return (folder / "secrets" / "webhook_secret").read_text(encoding="utf-8-sig").strip()
    except OSError:
        raise ConfigurationError(
            "No secret to sign with: set OMP_WEBHOOK_SECRET, or run `ompycord up` once, which makes one."
        ) from None


def _curl(address: str, headers: dict[str, str], file: str, body: bytes) -> str:
    """The curl command.

    A file goes by its name; standard input has been read by then, so its content goes into the command.
    """
    if file != "-":
        content = f"@{file}"
    else:
        try:
            content = body.decode()
        except UnicodeDecodeError:
            raise typer.BadParameter("Standard input is not UTF-8 text: give a file.") from None
        if content.startswith("@") or "\0" in content:
            raise typer.BadParameter("This body cannot stand in a command: give a file.")
    lines = [f"curl --silent --show-error {shlex.quote(address)}"]
    lines += [f"  -H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    lines += ["  -H 'content-type: application/json'", f"  --data-binary {shlex.quote(content)}"]
    return " \\\n".join(lines)
