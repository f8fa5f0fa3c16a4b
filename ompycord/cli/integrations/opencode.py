"""OpenCode: a plugin of ours in its folder of plugins (`opencode_plugin.js`)."""

from typing import Final

from ompycord.cli.integrations.wiring import Change, IntegrationOptions, asset, read_text

__all__ = ["wire"]

_NOTE: Final = "OpenCode loads it automatically. Its key: OMPYCORD_KEY, or `--save-key`."


def wire(options: IntegrationOptions) -> Change:
    """The file is ours alone."""
    own = options.environ.get("OPENCODE_CONFIG_DIR", "").strip()
    base = options.environ.get("XDG_CONFIG_HOME", "").strip()
    folder = options.home / own if own else (options.home / base if base else options.home / ".config") / "opencode"
    path = folder / "plugin" / "ompycord.js"
    return Change(path, read_text(path), None if options.removes else asset("opencode_plugin.js", options), _NOTE)
