"""The tools of the built-in agent: a program without a model, a key or a token; `tool_program.py` starts it confined.

Started in the clone as `python -I -S <this file> [FOLDER...]`; the folders may be read too. It reads a JSON object a
line, `{"id", "tool", "arguments"}`, and answers each with one: `{"id", "ok", "text"}`, for a changed file also `path`,
`added`, `removed`, `is_new`. While a command runs it writes `{"id", "progress"}`. Imports the standard library only.
"""

import difflib
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path.cwd().resolve()
READABLE = (ROOT, *(Path(word).resolve() for word in sys.argv[1:]))
FILE_BYTES = 10_485_760
SHOWN = 60_000
"""Characters of a tool's answer."""
LINE = 2000
LINES = 600
ENTRIES = 500
MATCHES = 200
HEAD, TAIL = 8000, 24_000
"""Bytes of a command's output that are kept, from its beginning and from its end."""
TOOL_S = 30
RUN_S, MOST_RUN_S = 120.0, 1800.0
PIPE = 1_048_576
"""Bytes, at most, that wait in a pipe."""
PROGRESS_S = 1.0
PASSED_OVER = frozenset({".git", "node_modules", ".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"})
UNFIT = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)
"""What comes of arguments that no one would give."""


class ToolRefused(Exception):
    """What is wrong with a call, for the model."""


def main() -> int:
    """Answer calls until the input ends."""
    write({"ready": True})
    for line in sys.stdin:
        call = json.loads(line)
        signal.signal(signal.SIGALRM, out_of_time)
        signal.alarm(0 if call["tool"] == "run" else TOOL_S)
        try:
            answer: dict[str, Any] = {"ok": True, **TOOLS[call["tool"]](call["id"], call["arguments"])}
        except ToolRefused as refused:
            answer = {"ok": False, "text": shortened(str(refused))}
        except OSError as error:
            answer = {"ok": False, "text": f"The system refused it: {error.strerror or type(error).__name__}."}
        except UNFIT as error:
            answer = {"ok": False, "text": shortened(f"The arguments do not fit: {type(error).__name__}: {error}")}
        finally:
            signal.alarm(0)
        write({"id": call["id"], **answer})
    return 0


def write(answer: dict[str, Any]) -> None:
    """One line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def out_of_time(number: int, frame: FrameType | None) -> None:
    """Ends a tool that takes too long, also in the midst of a pattern that never ends."""
    raise ToolRefused(f"It took more than {TOOL_S} s, so it was stopped. Ask for less.")


# -- paths and texts ---------------------------------------------------------------------------------------------------


def inside(path: str, *, writes: bool = False) -> Path:
    """The real place of a path of the repository; links are followed and must not lead out."""
    found = (ROOT / path).resolve()
    folders = (ROOT,) if writes else READABLE
    if not any(found == folder or folder in found.parents for folder in folders):
        raise ToolRefused(f"{path} lies outside of the repository.")
    if writes and any(part.casefold() == ".git" for part in (*Path(path).parts, *found.parts[len(ROOT.parts) :])):
        raise ToolRefused(f"{path} belongs to git, which is not changed by this tool.")
    return found


def named(path: Path) -> str:
    """A path as the model names it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def bytes_of(path: str) -> tuple[Path, bytes]:
    """A file, whole."""
    found = inside(path)
    if found.is_dir():
        raise ToolRefused(f"{path} is a folder. Use list.")
    if not found.is_file():
        raise ToolRefused(f"{path} is not there.")
    if found.stat().st_size > FILE_BYTES:
        raise ToolRefused(f"{path} is larger than {FILE_BYTES // 1_048_576} MiB.")
    return found, found.read_bytes()


def lines_of(raw: bytes) -> list[str]:
    """Its lines, counted as editors count them."""
    lines = raw.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def shortened(text: str) -> str:
    """At most SHOWN characters, with a remark where something is left out."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}\n[{len(text) - SHOWN:,} more characters are left out]"


def one_line(line: str) -> str:
    """At most LINE characters of it, with a remark where something is left out."""
    return line if len(line) <= LINE else f"{line[:LINE]} [{len(line) - LINE:,} more characters of this line]"


# -- what reads --------------------------------------------------------------------------------------------------------


def read(call: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Lines of a file, with their numbers."""
    path, first = str(arguments["path"]), max(1, int(arguments.get("first") or 1))
    most = min(LINES, max(1, int(arguments.get("lines") or LINES)))
    _, raw = bytes_of(path)
    if b"\0" in raw[:8192]:
        raise ToolRefused(f"{path} is no text: {len(raw):,} bytes.")
    lines = lines_of(raw)
    shown = lines[first - 1 : first - 1 + most]
    marks = [f"{number:6}  " for number in range(first, first + len(shown))]
    marks = [""] * len(shown) if arguments.get("plain") is True else marks
    text = "\n".join(f"{mark}{one_line(line)}" for mark, line in zip(marks, shown, strict=True))
    rest = len(lines) - (first - 1 + len(shown))
    more = f"\n[{rest:,} more lines, from {first + len(shown)}]" if rest > 0 else ""
    return {"text": shortened(text or "[no lines there]") + more, "detail": f"{len(shown)} of {len(lines)} lines"}


def list_files(call: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What is in a folder, two levels deep."""
    path = str(arguments.get("path") or ".")
    top = inside(path)
    if not top.is_dir():
        raise ToolRefused(f"{path} is no folder.")
    entries: list[str] = []
    for folder, names, files in os.walk(top):
        depth = len(Path(folder).relative_to(top).parts)
        names[:] = [] if depth else sorted(name for name in names if name not in PASSED_OVER)
        where = Path(folder)
        entries += [f"{named(where / name)}/" for name in names]
        entries += [f"{named(where / name)}" for name in sorted(files)]
    shown = sorted(entries)[:ENTRIES]
    more = f"\n[{len(entries) - len(shown):,} more]" if len(entries) > len(shown) else ""
    return {"text": shortened("\n".join(shown)) + more if entries else "[empty]", "detail": f"{len(entries)} entries"}


def search(call: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Lines that match a pattern, below a path."""
    try:
        pattern = re.compile(str(arguments["pattern"]))
    except re.error as error:
        raise ToolRefused(f"The pattern is no regular expression: {error}.") from None
    files = str(arguments.get("files") or "*")
    found: list[str] = []
    for file in files_of(inside(str(arguments.get("path") or ".")), files):
        raw = file.read_bytes() if file.stat().st_size <= FILE_BYTES else b"\0"
        if b"\0" in raw[:8192]:
            continue
        for number, line in enumerate(lines_of(raw), 1):
            if pattern.search(line[: 4 * LINE]):
                found.append(f"{named(file)}:{number}: {line.strip()[:400]}")
                if len(found) > MATCHES:
                    break
        if len(found) > MATCHES:
            break
    more = "\n[more matches are left out: narrow the pattern or the path]" if len(found) > MATCHES else ""
    text = shortened("\n".join(found[:MATCHES])) + more if found else "No line matches."
    return {"text": text, "detail": f"{min(len(found), MATCHES)} lines"}


def files_of(top: Path, pattern: str) -> Iterator[Path]:
    """The files below, or the file itself; links are passed over."""
    if top.is_file():
        yield top
        return
    for folder, names, files in os.walk(top):
        names[:] = sorted(name for name in names if name not in PASSED_OVER)
        for name in sorted(files):
            file = Path(folder) / name
            if file.match(pattern) and file.is_file() and not file.is_symlink():
                yield file


# -- what changes ------------------------------------------------------------------------------------------------------


def edit(call: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Replace a piece of a file that stands there once, or every time it does."""
    path, old, new = str(arguments["path"]), str(arguments["old"]), str(arguments["new"])
    inside(path, writes=True)
    _, raw = bytes_of(path)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ToolRefused(f"{path} is not UTF-8, so it is not edited by this tool.") from None
    if not old:
        raise ToolRefused("old is empty. Use write for a new file.")
    if old not in text and "\r\n" in text and "\r\n" not in old:
        old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
    times = text.count(old)
    if times == 0:
        raise ToolRefused(f"old does not stand in {path}. Read the file and copy the lines exactly.")
    if times > 1 and arguments.get("all") is not True:
        raise ToolRefused(f"old stands {times} times in {path}. Give more lines around it, or all: true.")
    return put(path, text, text.replace(old, new))


def write_file(call: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Write a whole file, and the folders on its way."""
    path, text = str(arguments["path"]), str(arguments["text"])
    place = inside(path, writes=True)
    before = None
    if place.exists():
        _, raw = bytes_of(path)
        before = raw.decode("utf-8", "replace")
    return put(path, before, text)


def put(path: str, before: str | None, after: str) -> dict[str, Any]:
    """The file changes at once as a whole; its rights stay."""
    place = inside(path, writes=True)
    data = after.encode("utf-8", "surrogatepass")
    if len(data) > FILE_BYTES:
        raise ToolRefused(f"The text is larger than {FILE_BYTES // 1_048_576} MiB.")
    place.parent.mkdir(parents=True, exist_ok=True)
    mode = place.stat().st_mode & 0o7777 if before is not None else 0o666 & ~umask()
    added, removed = counts(before or "", after)
    fault = parse_fault(place, after)
    signal.alarm(0)  # from here on it is done: one that is told that it took too long has changed nothing
    handle, beside = tempfile.mkstemp(prefix=".ompycord-", dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(beside).chmod(mode)
        Path(beside).replace(place)
    except OSError:
        Path(beside).unlink(missing_ok=True)
        raise
    text = f"{'Written' if before is None else 'Changed'}: {named(place)}, +{added} -{removed}.{fault}"
    return {"text": text, "path": named(place), "added": added, "removed": removed, "is_new": before is None}


def umask() -> int:
    """The mask of rights for new files."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def counts(before: str, after: str) -> tuple[int, int]:
    """Lines that were added and removed."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def parse_fault(place: Path, text: str) -> str:
    """A remark where a file that Python knows does not parse."""
    try:
        if place.suffix == ".py":
            compile(text, place.name, "exec", dont_inherit=True)
        elif place.suffix == ".json":
            json.loads(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        why = getattr(error, "msg", None) or str(error) or type(error).__name__
        return f" It does not parse{f' in line {line}' if line else ''}: {why}."
    return ""


# -- commands ----------------------------------------------------------------------------------------------------------


def run(call: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """A command in the clone, by the shell. What it left running in its group is ended with it."""
    command = str(arguments["command"])
    seconds = min(MOST_RUN_S, max(1.0, float(arguments.get("seconds") or RUN_S)))
    output = Output(call)
    with subprocess.Popen(  # noqa: S602  # the agent's own command, confined as the agent is
        command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            is_over = output.read(process, time.monotonic() + seconds)
        finally:
            kill(process.pid)
    text = output.text()
    if not is_over:
        return {
            "ok": False,
            "text": f"{text}\n[stopped after {seconds:.0f} s]",
            "detail": f"stopped after {seconds:.0f} s",
        }
    code = process.returncode
    return {"ok": code == 0, "text": f"{text}\n[exit code {code}]", "detail": last_line(text) or f"exit code {code}"}


def kill(group: int) -> None:
    """End a command with all that it started in its group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


class Output:
    """A command's output: its beginning and its end are kept, its last line is shown while it runs."""

    def __init__(self, call: str) -> None:
        self._call = call
        self._head = b""
        self._tail = b""
        self._left_out = 0
        self._shown_at = 0.0

    def read(self, process: "subprocess.Popen[bytes]", until: float) -> bool:
        """Whether it ended in time. A process that it left behind and that keeps the pipe open is not waited for.

        Once it has ended all that it wrote is in the pipe, or it is read already.
        """
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while (left := until - time.monotonic()) > 0:
                if process.poll() is not None:
                    self._take(process.stdout.read(PIPE) or b"")
                    break
                if selector.select(min(left, 0.2)):
                    chunk = process.stdout.read(65_536)
                    if chunk == b"":
                        break
                    self._take(chunk or b"")
            else:
                return False
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def text(self) -> str:
        """What is kept of it."""
        middle = f"\n[{self._left_out:,} bytes are left out]\n".encode() if self._left_out else b""
        return (self._head + middle + self._tail).decode("utf-8", "replace")

    def _take(self, chunk: bytes) -> None:
        room = max(0, HEAD - len(self._head))
        self._head += chunk[:room]
        self._tail += chunk[room:]
        over = len(self._tail) - TAIL
        if over > 0:
            self._left_out += over
            self._tail = self._tail[over:]
        now = time.monotonic()
        if now - self._shown_at >= PROGRESS_S and (line := last_line(self.text()[-4096:])):
            self._shown_at = now
            write({"id": self._call, "progress": line})


def last_line(text: str) -> str:
    """The last line with something in it."""
    return next((line.strip()[:300] for line in reversed(text.splitlines()) if line.strip()), "")


TOOLS: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
    "read": read,
    "list": list_files,
    "search": search,
    "edit": edit,
    "write": write_file,
    "run": run,
}

if __name__ == "__main__":
    sys.exit(main())
