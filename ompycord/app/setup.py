"""What `ompycord init` writes: `.env` and `ompycord.yml` from a few answers, private.

A file that exists is never overwritten without a copy. Counterpart: `settings.py`, which reads both; the files are read
once by it before `init` reports success.
"""

import base64
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from ompycord.domain.base import Frozen
from ompycord.errors import RefusedInWords
from ompycord.files import replace_file
from ompycord.settings import Settings, load_settings

__all__ = ["Answers", "existing", "write_files"]

ENV, CONFIG = ".env", "ompycord.yml"

AGENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "omp": {"kind": "omp_rpc"},
    "claude": {"kind": "stream_json"},
    "codex": {"kind": "acp", "command": ["codex-acp"]},
    "opencode": {"kind": "acp", "command": ["opencode", "acp"]},
    "gemini": {"kind": "acp", "command": ["gemini", "--acp"]},
    "qwen": {"kind": "acp", "command": ["qwen", "--acp"]},
    "copilot": {"kind": "acp", "command": ["copilot", "--acp"]},
}
"""How an agent is configured, by the program that is found on the PATH; its key is granted by the person."""
HOW_TO: Final[Mapping[str, str]] = {
    "omp": "docs/how-to/use-omp.md",
    "claude": "docs/how-to/use-claude-code.md",
    "codex": "docs/how-to/use-codex.md",
    "opencode": "docs/how-to/use-opencode.md",
    "gemini": "docs/how-to/use-gemini-cli.md",
    "qwen": "docs/how-to/use-qwen-code.md",
    "copilot": "docs/how-to/use-copilot-cli.md",
}
"""Where it is told how each gets its model and key."""


class Answers(Frozen):
    """The answers of a person to `init`."""

    token: str
    guild: str
    channel: str | None
    admin: str | None
    repositories: dict[str, Path]
    """Name -> a git repository on this machine."""
    agents: tuple[str, ...] = ()
    """Programs of `AGENTS` that may be agents here."""
    agents_seen: tuple[str, ...] = ()
    """Programs found on the PATH, for the comment in the file."""
    provider: str | None = None
    """The kind of a provider by which the built-in agent works here; None: it does not."""
    model: str | None = None
    """The model of that provider."""

    def __repr__(self) -> str:
        return "<Answers>"  # the token is in it


def existing(folder: Path) -> list[str]:
    """Which of the two files exist already."""
    return [name for name in (ENV, CONFIG) if (folder / name).exists()]


def write_files(folder: Path, answers: Answers, *, may_replace: bool) -> Settings:
    """Write both files, 0600; an earlier one is kept as `NAME.before`. The settings as `up` will read them.

    Raises Refused where a file exists and may not be replaced, ConfigurationError for answers that are no settings.
    """
    there = existing(folder)
    if there and not may_replace:
        raise RefusedInWords(
            f"{' and '.join(there)} is there already: nothing was written. Move it away, or give --replace."
        )
    texts = {ENV: _env(answers), CONFIG: _config(answers)}
    _judge(texts)
    for name, text in texts.items():
        if name in there:
            (folder / name).replace(folder / f"{name}.before")
        replace_file(folder / name, text)
    return load_settings(environ={}, folder=folder)


def _judge(texts: dict[str, str]) -> None:
    """Read what will be written, in a folder that holds nothing else."""
    with tempfile.TemporaryDirectory(prefix="ompycord-init-") as name:
        for file, text in texts.items():
            replace_file(Path(name) / file, text)
        load_settings(environ={}, folder=Path(name))


def _env(answers: Answers) -> str:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    rows = {
        "DISCORD_TOKEN": answers.token,
        "DISCORD_GUILD_ID": answers.guild,
        "DISCORD_CHANNEL_ID": answers.channel or "",
        "OMP_WEBHOOK_SECRET": secret,
    }
    head = (
        "# Written by `ompycord init`. Secrets: keep this file to yourself. Every setting: docs/reference/settings.md\n"
    )
    return head + "".join(f"{name}={value}\n" for name, value in rows.items())


def _config(answers: Answers) -> str:
    content: dict[str, Any] = {
        "access": {"users": {"admin": [answers.admin] if answers.admin else []}},
        "repositories": {
            name: {"path": str(path.absolute()), "channel": answers.channel, "checks": []}
            for name, path in answers.repositories.items()
        },
        "agents": {program: dict(AGENTS[program]) for program in answers.agents},
    }
    if answers.provider is not None:
        models = [answers.model] if answers.model else []
        content["providers"] = {answers.provider: {"kind": answers.provider, "models": models}}
        content["agents"]["native"] = {"kind": "native"}
    return (
        "# Written by `ompycord init`. Everything that may stand here: ompycord.example.yml\n"
        + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        + _comment(answers.agents_seen)
    )


def _comment(agents: Iterable[str]) -> str:
    seen = ", ".join(agents)
    words = f"Found on this machine: {seen}." if seen else "Any program can be an agent."
    return f"# {words} Name those that may work here under agents: docs/how-to/bring-your-own-agent.md\n"
