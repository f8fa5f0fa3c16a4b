"""`ompycord integrations AGENT`: writes an agent's own hook configuration and prints what it changed.

Counterpart of `wiring.py`.
"""

import difflib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from ompycord.cli.emit.target import DEFAULT_URL, read_target
from ompycord.cli.integrations import claude, codex, omp, opencode
from ompycord.cli.integrations.wiring import Change, IntegrationOptions, read_text
from ompycord.errors import ConfigurationError, RefusedInWords
from ompycord.files import replace_file

__all__ = ["integrations", "key_file"]

AGENTS: Final[Mapping[str, Callable[[IntegrationOptions], Change]]] = {
    "claude": claude.wire,
    "codex": codex.wire,
    "omp": omp.wire,
    "opencode": opencode.wire,
}
COPY: Final = ".before-ompycord"


def integrations(
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="claude, codex, omp or opencode.")],
    url: Annotated[str | None, typer.Option(help="The sidecar. Without it: OMPYCORD_URL, else this machine's.")] = None,
    run: Annotated[
        str, typer.Option(help="The name of the run that it all belongs to; @session: each session is a run.")
    ] = "@session",
    ask: Annotated[
        bool, typer.Option("--ask", help="Claude Code's tools that act wait for a button in Discord, up to 55 seconds.")
    ] = False,
    save_key: Annotated[
        bool, typer.Option("--save-key", help="Keep OMPYCORD_KEY in a file of its own that only you can read.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take out what was written; all else stays.")] = False,
    show: Annotated[bool, typer.Option("--print", help="Show what would change, and change nothing.")] = False,
) -> None:
    """Let an agent that runs elsewhere push what it does, so that it gets a card like any other.

    Writes into the agent's own configuration, keeps everything that is there, and leaves a copy of what it was beside
    it. The key is never written there: the agent takes it from OMPYCORD_KEY, or from the file of --save-key.
    """
    wire = AGENTS.get(agent)
    if wire is None:
        raise typer.BadParameter(f"Unknown integration. Known: {', '.join(AGENTS)}.")
    if ask and agent != "claude":
        raise typer.BadParameter("Only Claude Code can wait for an answer to a hook.")
    if not 1 <= len(run) <= 128:  # noqa: PLR2004  # the envelope's own limit
        raise typer.BadParameter("--run has 1 to 128 characters.")
    address = (url or os.environ.get("OMPYCORD_URL", "").strip() or DEFAULT_URL).rstrip("/")
    read_target(url=address, key="x" * 24, named="--url")
    change = wire(
        IntegrationOptions(url=address, run=run, home=Path.home(), environ=os.environ, asks=ask, removes=remove)
    )
    typer.echo(_diff(change) if show else _apply(change))
    if save_key and not show:
        typer.echo(_keep_key(os.environ))
    if not remove:
        typer.echo(change.note)


def key_file() -> Path:
    """Where `--save-key` keeps the key; both scripts of ours read it, and so does `ompycord hook`."""
    base = os.environ.get("XDG_CONFIG_HOME", "").strip()
    return (Path(base) if base else Path.home() / ".config") / "ompycord" / "key"


def _diff(change: Change) -> str:
    name = str(change.path)
    before, after = ((text or "").splitlines() for text in (change.before, change.after))
    return "\n".join(difflib.unified_diff(before, after, name, name, lineterm="")) or f"{name}: nothing to change."


def _apply(change: Change) -> str:
    """Change the file in one step. Raises Refused."""
    if change.after == change.before:
        return f"{change.path}: nothing to change."
    target = change.path.resolve()  # settings are often links into a repository of one's own
    try:
        if change.before is not None:
            _write(target.with_name(f"{target.name}{COPY}"), change.before, like=target)
        if change.after is None:
            target.unlink()
            return f"{change.path}: removed."
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, change.after, like=target)
    except OSError as error:
        raise RefusedInWords(f"{change.path} cannot be written ({error.strerror}). Nothing was changed.") from None
    copy = f" What it was: {target.name}{COPY} beside it." if change.before is not None else ""
    return f"{change.path}: {'written' if change.before is None else 'changed'}.{copy}"


def _write(path: Path, text: str, *, like: Path) -> None:
    """Whole or not at all, with the rights of `like` where that is there, else for its owner alone."""
    replace_file(path, text, mode=like.stat().st_mode & 0o777 if like.exists() else 0o600)


def _keep_key(environ: Mapping[str, str]) -> str:
    """Raises ConfigurationError where there is no key to keep."""
    key = environ.get("OMPYCORD_KEY", "").strip()
    if not key:
        raise ConfigurationError(
            "--save-key: there is no OMPYCORD_KEY in the environment. Make one: `ompycord keys add`."
        )
    read_target(url=DEFAULT_URL, key=key, named="OMPYCORD_KEY")
    path = key_file()
    if read_text(path) == f"{key}\n":
        return f"{path}: nothing to change."
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, f"{key}\n", like=path / "never there")
    return f"{path}: written; only you can read it."
