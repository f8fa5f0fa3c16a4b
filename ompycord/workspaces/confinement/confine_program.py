"""Runs just before a confined program and becomes it: restricts itself by Landlock, or arranges TERM.

Started as `python -I -S <this file> <mode> <argument> <program> <argv…>` by `landlock.py` and `bubblewrap.py`; imports
nothing of ours. Modes: `landlock` with the variable that has its rules as JSON, `term` with `default`, or `terminal`,
which also takes standard input for its controlling terminal, in a session of its own; `tasks=N` behind them bounds its
user's tasks from here on; `listen=PORT` listens on loopback, hands the socket out and waits until it is served.
"""

import ctypes
import errno
import json
import os
import signal
import struct
import sys
from typing import Any

CANNOT = 126
"""The exit code where the confinement failed: then the program does not run."""

PASSING = "_OMPYCORD_SOCKET"
"""The variable with the descriptor by which a socket is handed out (`processes/passed_socket.py`)."""
BACKLOG = 128

RULES = "_OMPYCORD_RULES"
"""The variable with the rules, which the program does not get. They name the run; a command line is public."""

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture that Python runs on
VERSION_FLAG = 1
PATH_BENEATH, NET_PORT = 1, 2
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


Step = tuple[int, int, int, int]
"""One step of a filter: what it does, how many steps to skip if so and if not, its number."""
STEP_BYTES = 8
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2  # linux/prctl.h, linux/seccomp.h
LOAD, AND, JUMP, IS_EQUAL, RETURN = 0x20, 0x54, 0x05, 0x15, 0x06  # linux/bpf_common.h
AT_NUMBER, AT_ARCHITECTURE, AT_ARGUMENTS = 0, 4, 16  # struct seccomp_data; arguments have eight bytes each
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO with EPERM
X32_BIT = 0x40000000

SCHEDULING = ("sched_setparam", "sched_setscheduler", "sched_setaffinity", "sched_setattr")


def _refused_for_another(at: int = 0) -> tuple[Step, ...]:
    """Where the argument `at`, a process, is any but 0, the caller."""
    return ((LOAD, 0, 0, AT_ARGUMENTS + 8 * at), (IS_EQUAL, 1, 0, 0), (RETURN, 0, 0, REFUSE))


def _refused_for_all_of_user(user: int) -> tuple[Step, ...]:
    """setpriority(2) and ioprio_set(2): where all processes of a user are named, or any but the caller's own."""
    everybody = ((LOAD, 0, 0, AT_ARGUMENTS), (IS_EQUAL, 0, 1, user), (RETURN, 0, 0, REFUSE))
    return (*everybody, *_refused_for_another(1))


def _refused_for_new_limit() -> tuple[Step, ...]:
    """prlimit(2): where another process is named, and a new limit is given (its third argument is an address)."""
    low, high = AT_ARGUMENTS + 16, AT_ARGUMENTS + 20
    given = ((LOAD, 0, 0, low), (IS_EQUAL, 0, 2, 0), (LOAD, 0, 0, high), (IS_EQUAL, 1, 0, 0))
    return ((LOAD, 0, 0, AT_ARGUMENTS), (IS_EQUAL, 5, 0, 0), *given, (RETURN, 0, 0, REFUSE))


REFUSED: dict[str, tuple[Step, ...]] = {
    **{name: _refused_for_another() for name in SCHEDULING},
    "setpriority": _refused_for_all_of_user(2),
    "ioprio_set": _refused_for_all_of_user(3),
    "prlimit64": _refused_for_new_limit(),
}
"""By a call: the steps that come to a refusal, or to their end."""


def _numbers(*numbers: int) -> dict[str, int]:
    return dict(zip((*SCHEDULING, "setpriority", "ioprio_set", "prlimit64"), numbers, strict=True))


X86_64, I386 = (
    (0xC000003E, _numbers(142, 144, 203, 314, 141, 251, 302)),
    (
        0x40000003,
        _numbers(154, 156, 241, 351, 97, 289, 340),
    ),
)
GENERIC = _numbers(118, 119, 122, 274, 140, 30, 261)
"""include/uapi/asm-generic/unistd.h"""
ARM = (0x40000028, _numbers(154, 156, 241, 380, 97, 314, 369))
ARCHITECTURES = {
    "x86_64": (X86_64, I386),
    "aarch64": ((0xC00000B7, GENERIC), ARM),
    "riscv64": ((0xC00000F3, GENERIC),),
}
"""By the machine's name: the architectures of its programs (AUDIT_ARCH_*) with their numbers of system calls."""


class Filter(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


class Ruleset(ctypes.Structure):
    """struct landlock_ruleset_attr"""

    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class PathBeneath(ctypes.Structure):
    """struct landlock_path_beneath_attr"""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class NetPort(ctypes.Structure):
    """struct landlock_net_port_attr"""

    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def main() -> None:
    """Does what the mode demands, then executes the program."""
    mode, argument, program, *argv = sys.argv[1:]
    try:
        if mode == "term":
            how, *options = argument.split(",")
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if how == "terminal":
                claim_terminal()
            for name, _, number in (one.partition("=") for one in options):
                {"tasks": bound_tasks, "listen": pass_socket}[name](int(number))
        else:
            rules = json.loads(os.environ.pop(argument))
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


def pass_socket(port: int) -> None:
    """Listen on loopback, hand the socket out, and wait until it is served; no descriptor of it is left here.

    Raises OSError, also where no one takes the socket.
    """
    import socket

    pair = socket.socket(fileno=int(os.environ.pop(PASSING)))
    # With the protocol named, what accepts on it can send without waiting for an ACK.
    with pair, socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(BACKLOG)
        socket.send_fds(pair, [b"s"], [listening.fileno()])
        if not pair.recv(1):
            raise ConnectionAbortedError(errno.ECONNABORTED, "no one took the listening socket")


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
    for port in rules["ports"] if rules["deny_tcp"] else ():
        one = NetPort(allowed=CONNECT_TCP | (BIND_TCP if port in rules["own_ports"] else 0), port=port)
        call(ADD_RULE, ruleset, NET_PORT, ctypes.byref(one), 0)
    # A capability goes around Landlock: with CAP_PERFMON another program's environment can be read (seen, as root on
    # 6.18).
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for number in range(CAPABILITIES):  # refused where we have none: then there is nothing to drop
        libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    call(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    protect_others(libc)


def protect_others(libc: Any) -> None:
    """Forbid this process, permanently, to change limits and scheduling of any process that it names.

    Landlock does not ask about these, and the kernel allows them between programs of one user. A program still changes
    its own, which it names by 0. On a processor that `ARCHITECTURES` does not know, nothing is forbidden. Raises
    OSError.
    """
    found = ARCHITECTURES.get(os.uname().machine)
    if found is None:
        return
    program = b"".join(struct.pack("<HBBI", *step) for step in filter_steps(found))
    buffer = ctypes.create_string_buffer(program, len(program))
    whole = Filter(length=len(program) // STEP_BYTES, steps=ctypes.addressof(buffer))
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(whole), 0, 0):
        raise OSError(ctypes.get_errno(), "the filter of system calls was refused")


def filter_steps(architectures: tuple[tuple[int, dict[str, int]], ...]) -> list[Step]:
    """The filter in the kernel's language (linux/filter.h): for each architecture and call, when it is refused."""
    steps: list[Step] = []
    for audit, numbers in architectures:
        body: list[Step] = [(LOAD, 0, 0, AT_NUMBER), (AND, 0, 0, ~X32_BIT & 0xFFFFFFFF)]
        for name, number in numbers.items():
            refused = REFUSED[name]
            body += [(IS_EQUAL, 0, len(refused) + 1, number), *refused, (RETURN, 0, 0, ALLOW)]
        body.append((RETURN, 0, 0, ALLOW))
        skip = len(body)
        steps += [(LOAD, 0, 0, AT_ARCHITECTURE), *_unless(audit, skip), *body]
    return [*steps, (RETURN, 0, 0, ALLOW)]


def _unless(audit: int, skip: int) -> list[Step]:
    """Jumps are of 255 steps at most; a body may be longer, so a far jump stands behind the near one."""
    return [(IS_EQUAL, 1, 0, audit), (JUMP, 0, 0, skip)]


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
