"""Code that stands in a command, as of `python -c`: judged by the names that it uses."""

from collections.abc import Iterator, Mapping
from typing import Final

from ompycord.domain.risk.classes import RiskClass, RiskFinding
from ompycord.domain.risk.judging import quoted

__all__ = ["of_code"]

_STARTS: Final = frozenset(
    [
        "system",
        "popen",
        "subprocess",
        "spawn",
        "spawnsync",
        "exec",
        "execsync",
        "execfile",
        "execfilesync",
        "execvp",
        "execv",
        "execve",
        "execl",
        "execle",
        "execlp",
        "execlpe",
        "execvpe",
        "spawnl",
        "spawnle",
        "spawnlp",
        "spawnlpe",
        "spawnv",
        "spawnve",
        "spawnvp",
        "spawnvpe",
        "posix_spawnp",
        "execute",
        "readpipe",
        "system2",
        "fork",
        "child_process",
        "pty",
        "shell_exec",
        "passthru",
        "proc_open",
        "backtick",
        "qx",
        "open3",
        "posix_spawn",
        "startfile",
        "runpy",
        "importlib",
        "multiprocessing",
        "ctypes",
        "cffi",
        "kernel",
    ]
)
_HIDES: Final = frozenset(
    [
        "eval",
        "compile",
        "__import__",
        "require_once",
        "b64decode",
        "b32decode",
        "a85decode",
        "b85decode",
        "unhexlify",
        "fromhex",
        "decode",
        "atob",
        "frombase64",
        "fromcharcode",
        "chr",
        "codecs",
        "zlib",
        "marshal",
        "pickle",
        "getattr",
        "globals",
        "locals",
        "vars",
        "__builtins__",
        "builtins",
        "function",
        "buffer",
        "unescape",
        "pack",
        "instance_eval",
        "send",
        "constantize",
        "reflect",
        "loads",
    ]
)
_DELETES: Final = frozenset(
    [
        "rmtree",
        "unlink",
        "unlinksync",
        "remove",
        "removedirs",
        "rmdir",
        "rmsync",
        "rmdirsync",
        "rm_rf",
        "rm",
        "delete_file",
        "truncate",
        "rename",
        "replace_file",
        "write_text",
        "write_bytes",
        "writefile",
        "writefilesync",
        "appendfile",
        "open",
        "fopen",
        "file_put_contents",
        "copyfile",
        "copytree",
        "renames",
        "createwritestream",
        "fileutils",
        "move",
        "chmod",
        "chown",
        "symlink",
    ]
)
_REACHES: Final = frozenset(
    [
        "socket",
        "urllib",
        "urllib2",
        "urlopen",
        "requests",
        "httpx",
        "aiohttp",
        "http",
        "https",
        "fetch",
        "xmlhttprequest",
        "axios",
        "net",
        "smtplib",
        "ftplib",
        "telnetlib",
        "curl",
        "webclient",
        "httplib",
        "open_uri",
        "uri",
        "paramiko",
        "boto3",
        "dns",
        "tls",
    ]
)
_SECRETS: Final = frozenset(["environ", "getenv", "env", "_env", "_server", "keyring", "getpass"])
_OF_ONE: Final[Mapping[str, frozenset[str]]] = {
    "ruby": frozenset(["delete", "write", "binwrite", "x"]),
    "lua": frozenset(["load", "loadstring", "dofile", "require"]),
    "osascript": frozenset(["shell", "script", "tell", "application"]),
    "deno": frozenset(["command", "run"]),
}
"""Names that mean more in one language than in others; `%x(…)` of Ruby is among them."""


def of_code(program: str, code: str) -> RiskFinding:
    """The worst that the names in it stand for; running code is the least."""
    finding = RiskFinding(RiskClass.RUN, f"{quoted(program)} runs code")
    if not code.isascii():
        return RiskFinding(RiskClass.DANGER, "the code holds letters that can look like others")
    if "`" in code:
        return RiskFinding(RiskClass.DANGER, "the code may start programs")
    for name in (one.removesuffix("sync") for one in _names(code)):
        if name in _STARTS or name in _OF_ONE.get(program, frozenset()):
            return RiskFinding(RiskClass.DANGER, f"the code may start programs: {quoted(name)}")
        if name in _HIDES:
            return RiskFinding(RiskClass.DANGER, f"the code may hide what it does: {quoted(name)}")
        if name in _DELETES:
            return RiskFinding(RiskClass.DANGER, f"the code may write or delete anywhere: {quoted(name)}")
        if name in _SECRETS:
            finding = finding.at_least(RiskClass.SECRET, f"the code reads the environment: {quoted(name)}")
        if name in _REACHES:
            finding = finding.at_least(RiskClass.NETWORK, f"the code reaches out: {quoted(name)}")
    if "\\x" in code or "\\u" in code or "\\0" in code:
        return RiskFinding(RiskClass.DANGER, "the code may hide what it does")
    return finding


def _names(code: str) -> Iterator[str]:
    """Every name in it, in small letters."""
    current: list[str] = []
    for sign in code:
        if sign.isalnum() or sign == "_":
            current.append(sign)
        elif current:
            yield "".join(current).lower()
            current = []
    if current:
        yield "".join(current).lower()
