"""A Python that has imported the product and forks a process for each order; its counterpart is `warm_start.py`.

`python -m tests.support.warm_python DESCRIPTOR`. An order is JSON: module, arguments, folder, environment; with it come
four descriptors: the three of the new process, and a socket for its process id and, later, its exit code, a line each.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
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
    """In a new process it ends as the module ends, without the interpreter's clearing of what all processes share."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    order = serve(orders)
    orders.detach()  # in a new process the descriptor is closed already
    if order is not None:
        os._exit(_run(order["module"]))


def _run(module: str) -> int:
    """What `python -m` does with a module, to its exit code."""
    code: object = None
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        traceback.print_exc()
        sys.stderr.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:  # noqa: BLE001  # the interpreter's own last resort
        traceback.print_exc()
        code = 1
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage]  # what the interpreter calls
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code & 0xFF if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
