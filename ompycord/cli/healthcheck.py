"""`ompycord healthcheck`: what compose and systemd ask; counterpart of the sidecar's /livez and /readyz."""

import http.client
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ompycord.cli.places import AsJson
from ompycord.errors import UnavailableError

__all__ = ["healthcheck"]

ASK_S = 5.0
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # told apart, not bound
OK = 200


def healthcheck(
    ready: Annotated[
        bool, typer.Option("--ready", help="Also Discord, database, disk and backlog: /readyz instead of /livez.")
    ] = False,
    port: Annotated[int | None, typer.Option(help="The sidecar's port. Without it: as configured.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the running Ompycord whether it lives. Exit 0: yes. Exit 1: it answers, but is not well.

    Exit 69: nobody answers.
    """
    host, own = _address(port)
    try:
        connection = http.client.HTTPConnection(host, own, timeout=ASK_S)
        connection.request("GET", "/readyz" if ready else "/livez", headers={"Host": f"127.0.0.1:{own}"})
        answer = connection.getresponse()
        body: dict[str, Any] = json.loads(answer.read())
        connection.close()
    except (OSError, http.client.HTTPException, ValueError):
        raise UnavailableError(f"Nothing is listening on port {own}. Start it with `ompycord up`.") from None
    is_well = answer.status == OK
    if as_json:
        typer.echo(json.dumps({"ok": is_well, **body}))
    else:
        missing = [name for name, holds in body.get("checks", {}).items() if not holds]
        typer.echo(f"not healthy: {', '.join(missing)}" if missing else "healthy" if is_well else "not healthy")
    raise typer.Exit(0 if is_well else 1)


def _address(port: int | None) -> tuple[str, int]:
    """The address, from the environment alone where that is enough: a container asks every half minute."""
    host = os.environ.get("OMPYCORD_WEBHOOK__HOST", "")
    if port is None:
        from ompycord.settings import load_settings

        settings = load_settings(environ=os.environ, folder=Path.cwd())
        host, port = settings.webhook.host, settings.webhook.port
    return WILDCARDS.get(host, host or "127.0.0.1"), port
