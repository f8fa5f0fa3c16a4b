"""Runs just before a program that has services: starts them, waits until they are ready, and ends them after it.

Started as `python -I -S <this file> <plan> <program> <argv…>` by `starting.py`, inside the confinement, so services and
program share its network and nothing of them is left when it ends. Imports nothing of ours. The kernel ends them with
this process, however it ends.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CANNOT = 125
"""The exit code where a service did not get ready: then the program does not run."""
POLL_S = 0.02
PROBE_S = 5.0
TAIL = 4000
STOP_S = 2.0
PR_SET_PDEATHSIG = 1
KEPT = ("PATH", "LANG", "TERM", "OMPYCORD_RUN", "_OMPYCORD_START")
"""Variables that a service gets of those of the program; no secret is among them."""


class NotReadyError(Exception):
    """Raised with the reason why a service is not ready."""


def main() -> None:
    """Does so, and ends as the program ended."""
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    program, *argv = sys.argv[2:]
    libc = ctypes.CDLL(None)
    running: list[tuple[subprocess.Popen[bytes], dict[str, Any]]] = []
    for service in plan["services"]:
        log = Path(service["data"]).with_suffix(".log")
        try:
            running.append((start(service, log, libc), service))
            await_ready(running[-1][0], service)
        except (NotReadyError, OSError) as error:
            stop(running)
            fail(Path(plan["failed"]), service["name"], str(error), log)
    # TERM goes to the whole group: the program has its time to end, and then this does.
    code = run_program(program, argv)
    stop(running)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def run_program(program: str, argv: list[str]) -> int:
    """The exit code of the program, which has all of our descriptors; negative for a signal."""
    child = subprocess.Popen(argv, executable=program, close_fds=False)  # noqa: S603  # an argument list
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.close(0)
    return child.wait()


def start(service: dict[str, Any], log: Path, libc: Any) -> "subprocess.Popen[bytes]":
    """Start one, empty. Raises NotReadyError, OSError."""
    data = Path(service["data"])
    data.mkdir(mode=0o700)
    env = {name: os.environ[name] for name in KEPT if name in os.environ}
    env |= {"HOME": str(data.parent), "TMPDIR": str(data.parent)}
    parent = os.getpid()

    def ends_with_us() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(CANNOT)

    with log.open("ab") as out:
        for words in service["prepare"]:
            try:
                ended = subprocess.run(  # noqa: S603
                    words,
                    cwd=data.parent,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    check=False,
                    timeout=service["ready_s"],
                    preexec_fn=ends_with_us,  # there are no threads here
                )
            except subprocess.TimeoutExpired:
                what = f"{Path(words[0]).name} did not end within {service['ready_s']:g} s"
                raise NotReadyError(what) from None
            if ended.returncode:
                raise NotReadyError(f"{Path(words[0]).name} ended with {how(ended.returncode)}")
        return subprocess.Popen(  # noqa: S603
            service["command"],
            cwd=data,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=ends_with_us,  # noqa: PLW1509
            start_new_session=True,
        )


def await_ready(process: "subprocess.Popen[bytes]", service: dict[str, Any]) -> None:
    """Return once it is ready. Raises NotReadyError."""
    ends = time.monotonic() + service["ready_s"]
    while time.monotonic() < ends:
        if (code := process.poll()) is not None:
            raise NotReadyError(f"it ended with {how(code)}")
        if answers(service):
            return
        time.sleep(POLL_S)
    raise NotReadyError(f"it was not ready within {service['ready_s']:g} s")


def answers(service: dict[str, Any]) -> bool:
    """Whether its probe says that it is ready."""
    if service["probe"]:
        try:
            ended = subprocess.run(  # noqa: S603
                service["probe"],
                cwd=service["data"],
                env={name: os.environ[name] for name in KEPT if name in os.environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                timeout=PROBE_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return ended.returncode == 0
    request, at, expected = bytes.fromhex(service["request"]), service["at"], bytes.fromhex(service["expected"])
    try:
        with socket.create_connection((service["host"], service["port"]), PROBE_S) as connection:
            connection.settimeout(PROBE_S)
            connection.sendall(request)
            received = b""
            while len(received) < at + len(expected) and (more := connection.recv(4096)):
                received += more
    except OSError:
        return False
    return received[at : at + len(expected)] == expected


def stop(running: "list[tuple[subprocess.Popen[bytes], dict[str, Any]]]") -> None:
    """End them all; nothing that they hold is needed any more."""
    for process, service in running:
        try:
            process.send_signal(service["stop"])
        except OSError:
            continue
    ends = time.monotonic() + STOP_S
    for process, _ in running:
        while process.poll() is None and time.monotonic() < ends:
            time.sleep(POLL_S / 4)
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def how(code: int) -> str:
    """An exit code, or a signal, in words."""
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def fail(at: Path, service: str, detail: str, log: Path) -> None:
    """Say which service did not get ready and why, and end."""
    try:
        tail = log.read_bytes()[-TAIL:].decode("utf-8", "replace")
    except OSError:
        tail = ""
    at.write_text(json.dumps({"service": service, "detail": detail, "tail": tail}), encoding="utf-8")
    os.write(2, f"The service {service} did not get ready: {detail}.\n".encode())
    os._exit(CANNOT)


if __name__ == "__main__":
    main()
