"""OpenCode: a plugin of ours in its folder of plugins (`opencode_plugin.js`)."""

from typing import Final

from ompycord.cli.integrations.wiring import Change, Wish, asset, read_text

__all__ = ["wire"]

_NOTE: Final = "OpenCode loads it by itself. Its key: OMPYCORD_KEY, or `--save-key`."


def wire(wish: Wish) -> Change:
    """The file is ours alone."""
    own = wish.environ.get("OPENCODE_CONFIG_DIR", "").strip()
    base = wish.environ.get("XDG_CONFIG_HOME", "").strip()
    folder = wish.home / own if own else (wish.home / base if base else wish.home / ".config") / "opencode"
    path = folder / "plugin" / "ompycord.js"
    return Change(path, read_text(path), None if wish.removes else asset("opencode_plugin.js", wish), _NOTE)
