"""oh-my-pi: an extension of ours in its folder of extensions (`omp_extension.ts`)."""

from typing import Final

from ompycord.cli.integrations.wiring import Change, IntegrationOptions, asset, read_text

__all__ = ["wire"]

_NOTE: Final = "omp loads it automatically. Its key: OMPYCORD_KEY, or `--save-key`."


def wire(options: IntegrationOptions) -> Change:
    """The file is ours alone."""
    own = options.environ.get("PI_CODING_AGENT_DIR", "").strip()
    folder = options.home / own if own else options.home / ".omp" / "agent"
    path = folder / "extensions" / "ompycord.ts"
    return Change(path, read_text(path), None if options.removes else asset("omp_extension.ts", options), _NOTE)
