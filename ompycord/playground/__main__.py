"""`python -m ompycord.playground --state DIR [--port 8788]`: the command line of the playground's process."""

import argparse
import asyncio
import sys
from pathlib import Path

from ompycord.playground.server import PortTakenError, listen, serve

BUSY = 75


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop. Returns the exit code: 0, or 75 where the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m ompycord.playground", description="A local Discord for one bot.")
    parser.add_argument("--state", type=Path, required=True, help="the folder that keeps this playground")
    parser.add_argument("--port", type=int, default=8788, help="a port on 127.0.0.1; 0 takes any free one")
    options = parser.parse_args(arguments)
    folder: Path = options.state
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    try:
        sock = listen(options.port)
    except PortTakenError:
        sys.stderr.write(f"Port {options.port} on 127.0.0.1 is taken by another program.\n")
        return BUSY
    asyncio.run(serve(folder, sock))
    return 0


if __name__ == "__main__":
    sys.exit(main())
