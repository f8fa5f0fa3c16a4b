"""Codex: its `notify` program is `ompycord hook codex`.

That is one line of its config.toml; everything else stays as it is.
"""

import json
import sys
from typing import Final

from ompycord.cli.integrations.wiring import Change, IntegrationOptions, read_text
from ompycord.errors import RefusedInWords

__all__ = ["wire"]

_MARK: Final = "  # ompycord integrations"


def wire(options: IntegrationOptions) -> Change:
    """`notify` in front of all else: a key of the whole file stands before its first table."""
    import tomllib

    folder = options.environ.get("CODEX_HOME", "").strip()
    path = (options.home / ".codex" if not folder else options.home / folder) / "config.toml"
    before = read_text(path)
    kept = [line for line in (before or "").splitlines(keepends=True) if not line.rstrip().endswith(_MARK)]
    rest = "".join(kept)
    try:
        notify = tomllib.loads(rest).get("notify")
    except tomllib.TOMLDecodeError as error:
        raise RefusedInWords(f"{path} is not TOML ({error}). Nothing was changed.") from None
    if options.removes:
        return Change(path, before, before if rest == (before or "") else rest or None, _NOTE)
    if notify is not None:
        raise RefusedInWords(
            f"{path} has a `notify` program already, and Codex runs one only. Nothing was changed. "
            f"Let that program call `ompycord hook codex` with its own argument, or take it out."
        )
    return Change(path, before, _line(options) + rest, _NOTE)


_NOTE: Final = "Codex tells of each turn when it has ended. Its key: OMPYCORD_KEY, or `--save-key`."


def _line(options: IntegrationOptions) -> str:
    argv = [sys.executable, "-m", "ompycord", "hook", "codex", "--url", options.url, "--run", options.run]
    return f"notify = {json.dumps(argv, ensure_ascii=False)}{_MARK}\n"
