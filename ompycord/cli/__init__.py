"""The command line: one line for what went wrong, an exit code that means something. Counterpart: `ompycord.app`."""

import sys

from ompycord.cli.commands import application
from ompycord.errors import StartError

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit. A StartError is one plain line on stderr and its code (78 configuration, 75 busy)."""
    try:
        application()
    except StartError as error:
        sys.stderr.write(f"ompycord: {error}\n")
        sys.exit(error.exit_code)
