"""A program that tries to break out, and says as JSON what it could do; started confined by `probe.py`, imports nothing of ours.

Its one argument is JSON: the paths and the port to try. Everything it tries is harmless where it succeeds.
"""

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

CONNECT_S = 2.0


def main() -> None:
    """Tries everything and prints the names of what it could do."""
    aims = json.loads(sys.argv[1])
    outside = Path(aims["outside"])

    def connect() -> None:
        socket.create_connection(("127.0.0.1", aims["port"]), timeout=CONNECT_S).close()

    tries: dict[str, Callable[[], object]] = {
        "read": (outside / "secret").read_bytes,
        "read the bot's environment": Path(f"/proc/{aims['pid']}/environ").read_bytes,
        "connect": connect,
        # Whether these really reached the files outside, their owner sees.
        "work": lambda: Path("made").write_text("here", encoding="utf-8"),
        "write": lambda: (outside / "new").write_text("x", encoding="utf-8"),
        "empty": lambda: os.truncate(outside / "full", 0),
        "delete": (outside / "kept").unlink,
    }
    sys.stdout.write(json.dumps([name for name, attempt in tries.items() if could(attempt)]))


def could(attempt: Callable[[], object]) -> bool:
    """Whether it went through."""
    try:
        attempt()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
