"""oh-my-pi: an extension of ours in its folder of extensions (`omp_extension.ts`)."""

from typing import Final

from ompycord.cli.integrations.wiring import Change, Wish, asset, read_text

__all__ = ["wire"]

_NOTE: Final = "omp loads it by itself. Its key: OMPYCORD_KEY, or `--save-key`."


def wire(wish: Wish) -> Change:
    """The file is ours alone."""
    own = wish.environ.get("PI_CODING_AGENT_DIR", "").strip()
    folder = wish.home / own if own else wish.home / ".omp" / "agent"
    path = folder / "extensions" / "ompycord.ts"
    return Change(path, read_text(path), None if wish.removes else asset("omp_extension.ts", wish), _NOTE)
