"""`ompycord up` without the rest of the command line, which a server would keep in memory as long as it runs.

Counterpart of `commands.py`, which says what `up` takes to people and reads what is not understood here.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["UpOptions", "plain_options", "start"]

_NUMBERS: Final = frozenset({"port", "playground_port"})


class UpOptions(NamedTuple):
    """The options of `ompycord up`."""

    port: int | None = None
    playground_port: int | None = None
    data_dir: Path | None = None
    new_database: bool = False


def plain_options(arguments: Sequence[str]) -> UpOptions | None:
    """The options of a command line that is a plain `up`; None for every other, such as one that asks for help."""
    if not arguments or arguments[0] != "up":
        return None
    found: dict[str, object] = {}
    rest = iter(arguments[1:])
    for word in rest:
        option, is_joined, value = word.partition("=")
        name = option.removeprefix("--").replace("-", "_")
        if name not in UpOptions._fields or option != f"--{name.replace('_', '-')}":
            return None
        if name == "new_database":
            if is_joined:
                return None
            found[name] = True
            continue
        text = value if is_joined else next(rest, None)
        if text is None or (name in _NUMBERS and not (text.isascii() and text.isdigit())):
            return None
        found[name] = int(text) if name in _NUMBERS else Path(text)
    return UpOptions(**found)  # pyright: ignore[reportArgumentType]  # each is of its field's type


def start(options: UpOptions) -> int:
    """Run the server; its exit code."""
    from ompycord.app.run import up

    return up(
        environ=os.environ,
        folder=Path.cwd(),
        overrides=_overrides(options),
        announce=_announce,
        has_new_database=options.new_database,
    )


def _overrides(options: UpOptions) -> Mapping[str, object]:
    overrides: dict[str, object] = {}
    if options.port is not None:
        overrides["webhook"] = {"port": options.port}
    if options.playground_port is not None:
        overrides["playground"] = {"port": options.playground_port}
    if options.data_dir is not None:
        overrides["data_dir"] = options.data_dir
    return overrides


def _announce(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
