"""A Python that has imported the product and forks a process for each order; its counterpart is `warm_start.py`.

`python -m tests.support.warm_python DESCRIPTOR`. An order is JSON: module, arguments, folder, environment; with it come four
descriptors: the three of the new process, and a socket for its process id and, later, its wait status, a line each.
"""

import gc
import importlib
import json
import os
import runpy
import selectors
import socket
import sys
import time
from typing import Any

IMPORTED = (
    "ompycord.app.run",
    "ompycord.app.compose",
    "ompycord.app.operations",
    "ompycord.cli.commands",
    "ompycord.cli.emit.sender",
    "ompycord.playground.server",
    "tests.support.sidecar",
    "tests.support.step_process",
)
"""Not `typer.rich_utils`: it reads the environment when it is imported."""
LONGEST = 1 << 20


def serve(orders: socket.socket) -> dict[str, Any] | None:
    """Fork for each order. In such a process: what to become. In this one: None, once nobody orders any more."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(orders, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fileobj is not orders:
                    _bury(waiting, key)
                    continue
                text, descriptors, _, _ = socket.recv_fds(orders, LONGEST, 4)
                if not text:
                    return None
                if (pid := os.fork()) == 0:
                    return _become(json.loads(text), descriptors)
                status = socket.socket(fileno=descriptors[3])
                for descriptor in descriptors[:3]:
                    os.close(descriptor)
                waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, status))
                status.send(f"{pid}\n".encode())


def _bury(waiting: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    pid, status = key.data
    _, ended = os.waitpid(pid, 0)
    waiting.unregister(key.fileobj)
    os.close(key.fd)
    with status:
        try:
            status.send(f"{os.waitstatus_to_exitcode(ended)}\n".encode())
        except OSError:  # its test is over
            return


def _become(order: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """Make this process what `python -m` would have made: three descriptors, a folder, an environment, arguments."""
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number, inheritable=True)
    os.closerange(3, 1 << 16)
    if order["session"]:
        os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.path[0] = order["folder"]
    sys.argv = [order["module"], *order["arguments"]]  # runpy makes the first the module's file
    sys.orig_argv = [sys.executable, "-m", order["module"], *order["arguments"]]
    return order


def main() -> None:
    """Ends as what it became ends, by the interpreter's own end."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    order = serve(orders)
    orders.detach()  # in a new process the descriptor is closed already
    if order is not None:
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
