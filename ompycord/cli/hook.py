"""`ompycord hook SOURCE`: pushes one payload of an agent as it is, for agents that start a program.

Counterpart of `webhook/hooks.py`. Loads little, since agents wait for it, and reads nothing of the working folder: that
may be a foreign repository.
"""

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ompycord.cli.emit.target import DEFAULT_URL, Target, read_target
from ompycord.cli.integrations.command import key_file
from ompycord.errors import ConfigurationError, RefusedInWords, UnavailableError, proxy_in_words

__all__ = ["hook"]

PATIENCE_S = 5.0
MOST_BYTES = 256 * 1024


def hook(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="claude, codex, omp or opencode.")],
    payload: Annotated[
        str | None, typer.Argument(help="The payload; without it, standard input.", show_default=False)
    ] = None,
    run: Annotated[str | None, typer.Option(help="The run's name. Without it: OMPYCORD_RUN, else @session.")] = None,
    url: Annotated[str | None, typer.Option(help="The sidecar. Without it: OMPYCORD_URL, else this machine's.")] = None,
) -> None:
    """Push what an agent says about itself, in its own shape. Its answer is printed, for agents that read it.

    The key is OMPYCORD_KEY, else the file that `ompycord integrations AGENT --save-key` wrote.
    """
    from urllib.parse import quote

    body = payload.encode("utf-8", "replace") if payload is not None else sys.stdin.buffer.read(MOST_BYTES + 1)
    name = run or os.environ.get("OMPYCORD_RUN", "").strip() or "@session"
    target = read_target(
        url=os.environ.get("OMPYCORD_URL", "").strip() or url or DEFAULT_URL, key=_key(), named="the key"
    )
    typer.echo(_push(target, f"/hooks/{quote(source, safe='')}/{quote(name, safe='@')}", body))


def _key() -> str:
    key = os.environ.get("OMPYCORD_KEY", "").strip()
    if key:
        return key
    path = key_file()
    try:
        return _private(path).strip()
    except OSError:
        raise ConfigurationError(
            "No key to push with: set OMPYCORD_KEY, or `ompycord integrations AGENT --save-key`."
        ) from None


def _private(path: Path) -> str:
    """Raises Refused for a file that others may read, OSError where there is none."""
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise RefusedInWords(f"{path} may be read by others: chmod 600 it, and make a new key.")
    return path.read_text(encoding="utf-8-sig")


def _push(target: Target, path: str, body: bytes) -> str:
    """The answer's body. Raises UnavailableError, Refused, ConfigurationError."""
    import httpx

    now_s = int(time.time())
    # A signature needs an id; without one the sidecar recognizes repetitions by their content.
    webhook_id = f"hook_{os.urandom(12).hex()}"
    headers = target.headers(webhook_id=webhook_id, body=body, now_s=now_s)
    if target.bearer is not None:
        del headers["webhook-id"]
    try:
        with proxy_in_words():
            client = httpx.Client(timeout=PATIENCE_S, trust_env=not target.is_local)
        with client:
            answer = client.post(f"{target.url}{path}", content=body, headers=headers)
    except httpx.HTTPError as error:
        raise UnavailableError(f"Ompycord did not answer ({type(error).__name__}): nothing was told.") from None
    if not answer.is_success:
        slug = answer.text.partition("/problems/")[2].partition('"')[0][:40]
        raise RefusedInWords(f"Ompycord did not take it: {answer.status_code} {slug}")
    return answer.text
