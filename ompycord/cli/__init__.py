"""The command line: one line for what went wrong, an exit code that means something. Counterpart: `ompycord.app`."""

import sys

from ompycord.cli.up import plain_options, start
from ompycord.errors import OmpycordError, Refused, StartError

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit. An error of ours is one plain line on stderr and its code.

    1 failed, 69 unavailable, 75 busy, 76 gateway, 77 refused, 78 configuration
    (docs/contracts/files-and-names.md, *Exit codes*).
    """
    try:
        options = plain_options(sys.argv[1:])
        if options is not None:
            sys.exit(start(options))
        from ompycord.cli.commands import application  # not in a server: typer and its own take 1.7 MiB

        application()
    except OmpycordError as error:
        sys.stderr.write(f"ompycord: {_words(error)}\n")
        sys.exit(error.exit_code if isinstance(error, StartError | Refused) else 1)


def _words(error: OmpycordError) -> str:
    if not isinstance(error, Refused):
        return str(error)
    from ompycord.render.refusals import Audience, refusal_words

    return refusal_words(error, Audience.COMMAND_LINE)
