"""Tells how it was started, as JSON, and ends as its first argument says; read by `test_warm_start.py`."""

import json
import os
import signal
import sys
from pathlib import Path


def main() -> None:
    """What a process inherits and is given."""
    status = Path("/proc/self/status").read_text("ascii").splitlines()
    told = {
        "arguments": sys.argv[1:],
        "program": Path(sys.argv[0]).name,
        "command": sys.orig_argv[1:],
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "first of the path": sys.path[0],
        "name": __name__,
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "signals": [line for line in status if line.startswith(("SigIgn", "SigBlk", "SigCgt"))],
        "leads its session": os.getsid(0) == os.getpid(),
        "input": sys.stdin.read(),
    }
    sys.stdout.write(json.dumps(told))
    sys.stdout.flush()
    sys.stderr.write("to the other stream\n")
    match sys.argv[1]:
        case "text":
            sys.exit("a text")
        case "error":
            raise RuntimeError("an error")
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "interrupted":
            os.kill(os.getpid(), signal.SIGINT)
        case code:
            sys.exit(int(code))


if __name__ == "__main__":
    main()
