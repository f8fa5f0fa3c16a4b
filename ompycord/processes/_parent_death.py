"""Runs before every program we start, ties its life to ours, becomes it; its counterpart is `spawn.py`.

A script of its own and not a preexec_fn, which may deadlock where threads exist. Arguments: our process id, the
descriptor for a failed start (decimal error number), the descriptor to become number 3 or -1, whether `LC_CTYPE` was
given, whether TERM is ignored, then the program's path and its arguments. Imports nothing of ours: it runs with `-I
-S`.
"""

import os
import signal
import sys

_EVENTS_FD = 3
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_ABOVE_EVENTS = 10


def main() -> None:
    """Sets the parent-death signal, closes the race, arranges descriptors, executes the program."""
    parent, status, events, has_ctype, ignores_term = (int(word) for word in sys.argv[1:6])
    argv = sys.argv[6:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the signal was set
        os._exit(1)
    import fcntl

    # Out of the way of number 3, and gone with exec: its end of file is how our parent learns of the start.
    inherited, status = status, fcntl.fcntl(status, fcntl.F_DUPFD_CLOEXEC, _ABOVE_EVENTS)
    os.close(inherited)
    if events >= 0:
        os.dup2(events, _EVENTS_FD, inheritable=True)
    if events > _EVENTS_FD:
        os.close(events)
    if not has_ctype:  # Python's own coercion of the C locale (PEP 538) is not the caller's wish
        os.environ.pop("LC_CTYPE", None)
    # What is ignored stays ignored in a program: Python ignores SIGPIPE and SIGXFSZ, `nohup` and a script's `&` others.
    for number in signal.valid_signals():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if ignores_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        os.execv(argv[0], argv[1:])  # noqa: S606  # no shell is the point
    except OSError as error:
        os.write(status, str(error.errno).encode("ascii"))
        os._exit(127)


if __name__ == "__main__":
    main()
