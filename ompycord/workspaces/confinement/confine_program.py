"""Runs just before a confined program and becomes it: restricts itself by Landlock, or arranges TERM.

Started as `python -I -S <this file> <mode> <argument> <program> <argv…>` by `landlock.py` and `bubblewrap.py`; imports
nothing of ours. Modes: `landlock` with its rules as JSON, `term` with `default`, or `terminal`, which also takes
standard input for its controlling terminal, in a session of its own; `tasks=N` behind them bounds its user's tasks from
here on.
"""

import ctypes
import json
import os
import signal
import sys
from typing import Any

CANNOT = 126
"""The exit code where the confinement failed: then the program does not run."""

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture that Python runs on
VERSION_FLAG = 1
PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38
PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
CAPABILITIES = 64

# linux/landlock.h, by the ABI that brought them.
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
ABI_1 = (1 << 13) - 1
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
READ = EXECUTE | READ_FILE | READ_DIR
BIND_TCP, CONNECT_TCP = 1 << 0, 1 << 1
SCOPES = 0b11  # abstract unix sockets and signals
REFER_ABI, TRUNCATE_ABI, NET_ABI, IOCTL_ABI, SCOPE_ABI = 2, 3, 4, 5, 6


class Ruleset(ctypes.Structure):
    """struct landlock_ruleset_attr"""

    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class PathBeneath(ctypes.Structure):
    """struct landlock_path_beneath_attr"""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def main() -> None:
    """Does what the mode demands, then executes the program."""
    mode, argument, program, *argv = sys.argv[1:]
    try:
        if mode == "term":
            how, _, tasks = argument.partition(",tasks=")
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if how == "terminal":
                claim_terminal()
            if tasks:
                bound_tasks(int(tasks))
        else:
            rules = json.loads(argument)
            if rules["terminal"]:
                claim_terminal()
            enter(rules)
    except OSError as error:
        fail(f"confinement failed: {error.strerror}", CANNOT)
    # Python ignores these two; a program would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execv(program, argv)  # noqa: S606  # no shell is the point
    except OSError as error:
        fail(f"{program}: {error.strerror} (inside its confinement)", 127)


def claim_terminal() -> None:
    """Start a session of its own with this terminal.

    A shell cannot manage jobs in one that began outside of its namespace.
    """
    import fcntl
    import termios

    if os.getsid(0) != os.getpid():
        os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def bound_tasks(most: int) -> None:
    """Limit the tasks of this user.

    Here, in a user namespace of its own, only its own tasks count; outside, all programs of the user would. Root is
    exempt.
    """
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_NPROC, (least, least))


def fail(words: str, code: int) -> None:
    """Prints the reason on standard error and ends."""
    os.write(2, f"{words}\n".encode())
    os._exit(code)


def enter(rules: dict[str, Any]) -> None:
    """Restricts this process permanently. Raises OSError where the kernel cannot do what `rules` ask."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long

    def call(*words: Any) -> int:
        result = int(libc.syscall(*words))
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result

    abi = call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG)
    if abi < rules["least_abi"]:
        raise OSError(0, f"Landlock here has ABI {abi}, {rules['least_abi']} is needed")
    handled = ABI_1 | later_rights(abi)
    attributes = Ruleset(fs=handled, net=BIND_TCP | CONNECT_TCP if rules["deny_tcp"] else 0)
    attributes.scoped = SCOPES if abi >= SCOPE_ABI else 0
    ruleset = call(CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(ctypes.sizeof(attributes)), 0)
    for paths, rights in ((rules["read"], READ), (rules["write"], handled), (rules["devices"], handled & ~EXECUTE)):
        for path in paths:
            allow(call, ruleset, path, rights & handled)
    # A capability goes around Landlock: with CAP_PERFMON another program's environment can be read (seen, as root on
    # 6.18).
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for number in range(CAPABILITIES):  # refused where we have none: then there is nothing to drop
        libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    call(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def later_rights(abi: int) -> int:
    """Rights that came after the first ABI, as far as this kernel knows them."""
    known = ((REFER_ABI, REFER), (TRUNCATE_ABI, TRUNCATE), (IOCTL_ABI, IOCTL_DEV))
    return sum(right for since, right in known if abi >= since)


def allow(call: Any, ruleset: int, path: str, rights: int) -> None:
    """Adds one rule; a missing path needs none."""
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        of_this = rights if os.path.isdir(path) else rights & OF_FILES  # noqa: PTH112  # pathlib takes long to import
        rule = PathBeneath(allowed=of_this, parent=parent)
        call(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(parent)


if __name__ == "__main__":
    main()
