"""The rehearsal: a small program that plays an agent without a model; `adapter.py` starts `python -I <this file>`.

Reads the prompt from standard input and speaks the JSON-lines dialect on descriptor 3. In the playground's `sample`
repository it really repairs the cart: a failing test first, then the fix; in any other it really extends NOTES.md.
Whole words in the prompt choose a path:

    ask       asks a person first, through the sidecar's MCP (skipped, with a message, where the run has no address)
    approval  asks for approval to run a command, and obeys
    fail      writes the failing test, then gives up and says so
    slow      works for a minute
    loop      reads the same file again and again, until a message reaches it or it is stopped
    stubborn  with `loop`: goes on in circles whatever it is told
    twice     repairs the cart wrongly at first; where the checks fail on it, it repairs that in the next round
    never     repairs the cart wrongly, and in later rounds changes nothing

`reading_program.py` plans, answers and reviews.

What people say to it while it works it repeats and writes into NOTES.md at its end; the word `hurry` ends a slow
minute. Their words come as lines of the file that is its argument.

REHEARSAL_PACE scales every pause: 1 as people watch it, 0 for none. Imports the standard library only.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

EVENTS_FD = 3
POLL_S = 0.05
COMMAND = ("git", "log", "--oneline", "-1")
TEST_S = 60
ANSWER_S = 900
SLOW_STEPS, SLOW_STEP_S = 30, 2.0
LOOP_STEPS, LOOP_STEP_S = 200, 1.0

CODE, TESTS, NOTES = Path("cart/total.py"), Path("tests/test_total.py"), Path("NOTES.md")
BUG = "line.price * percent / 100"
FIX = "line.cost * percent / 100"
WRONG = "line.price * percent * line.quantity / 1000"
FAILED = "The project's checks failed on your result"  # `dialects/prompts/repair_text.py` begins so
REVIEWED = "A review of your result found what must be repaired"  # or so
# What follows the task: a plan (`dialects/prompts/report_text.py`), what is remembered (`background_text.py`), what a
# follow-up follows (`prompt_text.py`).
AFTER_TASK = re.compile(r"this plan for it\.|Background from earlier work|This follows up (?:your )?earlier work")
NEW_TEST = """

class DiscountOnQuantityTest(unittest.TestCase):
    def test_the_discount_counts_every_piece(self) -> None:
        lines = [Line("mug", Decimal("10.00"), quantity=3)]
        self.assertEqual(total(lines, percent=Decimal(10)), Decimal("27.00"))
"""
QUESTION = "Should the fix also add a line to NOTES.md?"


class Inbox:
    """People's messages and decisions, from a file that grows."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._read = 0
        self.messages: list[str] = []
        self.decided: dict[str, dict[str, Any]] = {}

    def read_inbox(self) -> list[str]:
        """Read the new messages; decisions are kept by what they decide."""
        if self._path is None:
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        new: list[str] = []
        for line in whole.splitlines():
            event = json.loads(line)
            if event["type"] == "prompt":
                new.append(event["data"]["text"])
            elif event["type"].startswith("approval."):
                self.decided[event["data"]["approval"]] = {"type": event["type"], **event["data"]}
        self.messages += new
        return new


class Stage:
    """Emits events and waits between them."""

    def __init__(self, speed: float, inbox: Inbox) -> None:
        self._speed = speed
        self.inbox = inbox
        self._out = os.fdopen(EVENTS_FD, "w", encoding="utf-8", buffering=1)
        self._calls = 0
        self._phases: list[tuple[str, str]] = []

    def emit(self, type_: str, **data: object) -> None:
        """One event of the dialect."""
        self._out.write(json.dumps({"schema": "ompycord/event@1", "type": type_, "data": data}) + "\n")

    def rest(self, seconds: float) -> None:
        """Pause as a person would see it, scaled; then repeat the messages of that time."""
        time.sleep(seconds * self._speed)
        for text in self.inbox.read_inbox():
            self.emit("message", text=f"I was told: {text[:1900]}")

    @property
    def hurries(self) -> bool:
        """Whether a person wants it to be quick."""
        return any("hurry" in re.findall(r"[a-z]+", text.lower()) for text in self.inbox.messages)

    def plan(self, *titles: str) -> None:
        """Emit the phases, none of them started."""
        self._phases = [(title, "pending") for title in titles]

    def begin(self, title: str) -> None:
        """Make this phase the active one; those before it are done."""
        at = [name for name, _ in self._phases].index(title)
        self._show([(name, "done" if i < at else "active" if i == at else "pending") for i, name in self._named()])

    def end(self, *, ok: bool) -> None:
        """End the plan; where it failed, so did its active phase."""
        last = {"active": "done" if ok else "failed", "pending": "done" if ok else "skipped"}
        self._show([(name, last.get(status, status)) for name, status in self._phases])

    def tool(self, tool: str, title: str, *, seconds: float = 0.6) -> "Tool":
        """Start a tool; `done` finishes it."""
        self._calls += 1
        call = f"call-{self._calls}"
        self.emit("tool.started", tool=tool, title=title, call=call)
        self.rest(seconds)
        return Tool(self, tool, title, call)

    def _named(self) -> "enumerate[str]":
        return enumerate(name for name, _ in self._phases)

    def _show(self, phases: list[tuple[str, str]]) -> None:
        self._phases = phases
        self.emit("plan.updated", phases=[{"title": name, "status": status} for name, status in phases])


class Tool:
    """One use of a tool."""

    def __init__(self, stage: Stage, tool: str, title: str, call: str) -> None:
        self._stage = stage
        self._named = {"tool": tool, "title": title, "call": call}

    def progress(self, text: str, *, seconds: float) -> None:
        """Report one step, and take the pause that it needs."""
        self._stage.emit("tool.progress", call=self._named["call"], text=text)
        self._stage.rest(seconds)

    def done(self, *, ok: bool = True, **facts: object) -> None:
        self._stage.emit("tool.finished", **self._named, ok=ok, **facts)


def main() -> int:
    """Play the prompt; the exit code is the claim."""
    prompt = sys.stdin.read()
    task, failed, _ = prompt.partition(FAILED)
    task, reviewed, _ = task.partition(REVIEWED)
    task = AFTER_TASK.split(task)[0]
    words = set(re.findall(r"[a-z]+", task.lower()))
    inbox = Inbox(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    stage = Stage(float(os.environ.get("REHEARSAL_PACE", "1")), inbox)
    stage.emit("message", text="This is a rehearsal: no model is involved, the change it makes is real.")
    stage.emit("usage.updated", input=0, output=0, cost_usd=0.0)
    stage.rest(0.8)
    if reviewed:
        write_note(stage, "For the reviewer: the discount counts every piece of a line.")
        return finish(stage, "NOTES.md has a note for the reviewer now.")
    if failed:
        return repair_again(stage, is_willing="never" not in words)
    if "slow" in words and "hurry" not in words:
        take_long(stage)
    if "loop" in words:
        go_in_circles(stage, is_stubborn="stubborn" in words)
    has_cart = CODE.is_file() and TESTS.is_file() and BUG in CODE.read_text(encoding="utf-8")
    wants_note = "ask" in words and ask(stage) == "Yes"
    if "approval" in words:
        run_with_approval(stage)
    if has_cart:
        fix = WRONG if words & {"twice", "never"} else FIX
        return repair_cart(stage, wants_note=wants_note, gives_up="fail" in words, fix=fix)
    return extend_notes(stage, task, gives_up="fail" in words)


def take_long(stage: Stage) -> None:
    """Do a minute of visible work."""
    tool = stage.tool("think", "taking a minute, as the prompt says", seconds=0)
    for step in range(SLOW_STEPS):
        tool.progress(f"{step + 1} of {SLOW_STEPS}", seconds=SLOW_STEP_S)
        if stage.hurries:
            tool.done(detail="cut short, as it was told")
            return
    tool.done()


def go_in_circles(stage: Stage, *, is_stubborn: bool) -> None:
    """Do the same step over and over; a message ends it, unless it is stubborn."""
    for _ in range(LOOP_STEPS):
        tool = stage.tool("bash", "python -m no_such_module", seconds=LOOP_STEP_S)
        tool.done(ok=False, detail="No module named no_such_module")
        if stage.inbox.messages and not is_stubborn:
            stage.emit("message", text="I was told that I go in circles. I go on with the task another way.")
            return


def run_with_approval(stage: Stage) -> None:
    """Ask for approval to run a command that only reads, and run it where that is granted."""
    command = " ".join(COMMAND)
    stage.emit("approval.requested", approval="leave-1", title="Run a command", command=command, risk="it only reads")
    deadline, heartbeats = time.monotonic() + ANSWER_S, 0
    while "leave-1" not in stage.inbox.decided:
        if time.monotonic() >= deadline:
            stage.emit("approval.withdrawn", approval="leave-1", reason="Nobody decided in a quarter of an hour.")
            stage.emit("message", text=f"Nobody allowed `{command}`, so it was not run.")
            return
        if (heartbeats := heartbeats + 1) % 200 == 0:  # progress every ten seconds
            stage.emit("tool.progress", call="leave", text="waiting for a person")
        time.sleep(POLL_S)
        stage.rest(0)
    decided = stage.inbox.decided["leave-1"]
    if decided["type"] == "approval.denied":
        why = f": {decided['reason']}" if decided.get("reason") else ""
        stage.emit("message", text=f"{decided['by']} does not allow `{command}`{why}. I go on without.")
        return
    tool = stage.tool("bash", command)
    ran = subprocess.run(COMMAND, capture_output=True, text=True, timeout=TEST_S, check=False)  # noqa: S603  # a constant of this file
    tool.done(ok=ran.returncode == 0, detail=(ran.stdout or ran.stderr).strip()[:200])


def repair_again(stage: Stage, *, is_willing: bool) -> int:
    """Another round: the checks failed on the result that is in the folder."""
    stage.plan("Fix")
    stage.tool("read", str(CODE), seconds=0.8).done()
    if not is_willing or not CODE.is_file() or WRONG not in CODE.read_text(encoding="utf-8"):
        return finish(stage, "The rehearsal finds nothing more to repair; it changed nothing in this round.")
    stage.begin("Fix")
    tool = stage.tool("edit", str(CODE), seconds=1.0)
    CODE.write_text(CODE.read_text(encoding="utf-8").replace(WRONG, FIX), encoding="utf-8")
    tool.done(added=1, removed=1)
    if not run_tests(stage):
        return give_up(stage, "The tests still fail after the second fix.")
    return finish(stage, "The discount was taken by the thousand; now it is by the hundred, for every piece.")


def repair_cart(stage: Stage, *, wants_note: bool, gives_up: bool, fix: str) -> int:
    """Repair the cart: first a failing test, then the fix. A wrong fix is claimed to be done all the same."""
    stage.plan("Read", "Failing test", "Fix", "Run the tests")
    stage.begin("Read")
    lines = len(CODE.read_text(encoding="utf-8").splitlines())
    stage.tool("read", str(CODE), seconds=1.0).done(detail=f"{lines} lines")
    stage.emit("message", text="The discount is taken from one piece of each line, whatever the quantity.")
    stage.begin("Failing test")
    tool = stage.tool("edit", str(TESTS), seconds=1.2)
    with TESTS.open("a", encoding="utf-8") as file:
        file.write(NEW_TEST)
    tool.done(added=NEW_TEST.count("\n"), removed=0)
    changed: list[dict[str, Any]] = [{"path": str(TESTS), "added": NEW_TEST.count("\n"), "removed": 0}]
    stage.emit("files.changed", files=changed)
    if run_tests(stage):
        return give_up(stage, "The new test passes without a fix, so it proves nothing.")
    if gives_up:
        return give_up(stage, "The prompt says to fail: the failing test is written, the fix is not.")
    stage.begin("Fix")
    tool = stage.tool("edit", str(CODE), seconds=1.4)
    CODE.write_text(CODE.read_text(encoding="utf-8").replace(BUG, fix), encoding="utf-8")
    tool.done(added=1, removed=1)
    changed.append({"path": str(CODE), "added": 1, "removed": 1})
    if wants_note:
        write_note(stage, "The discount counts every piece of a line.")
        changed.append({"path": str(NOTES)})
    stage.emit("files.changed", files=changed)
    stage.begin("Run the tests")
    if not run_tests(stage) and fix == FIX:
        return give_up(stage, "The tests still fail after the fix.")
    return finish(stage, "The discount now counts every piece of a line; a test that failed before is added.")


def extend_notes(stage: Stage, task: str, *, gives_up: bool) -> int:
    """Add to NOTES.md, which is harmless anywhere."""
    stage.plan("Look around", "Write a note")
    stage.begin("Look around")
    stage.tool("list", ".", seconds=1.5).done(detail=f"{sum(1 for _ in Path().iterdir())} entries")
    if gives_up:
        return give_up(stage, "The prompt says to fail: nothing was changed.")
    stage.emit("message", text="The rehearsal repairs only the sample's cart; here it adds a line to NOTES.md instead.")
    stage.begin("Write a note")
    write_note(stage, f"Rehearsal: {' '.join(task.split())[:200]}")
    return finish(stage, "A line was added to NOTES.md. The rehearsal understands no prompt; nothing else was changed.")


def write_note(stage: Stage, text: str) -> None:
    """Add one more line at the end of NOTES.md."""
    tool = stage.tool("edit", str(NOTES))
    old = NOTES.read_text(encoding="utf-8", errors="replace") if NOTES.is_file() else "# Notes\n"
    NOTES.write_text(f"{old.rstrip()}\n\n- {text}\n", encoding="utf-8")
    tool.done(added=2, removed=0)


def run_tests(stage: Stage) -> bool:
    """Run the sample's tests and report the result."""
    tool = stage.tool("bash", "python -m unittest", seconds=0.6)
    command = [sys.executable, "-m", "unittest"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=TEST_S, check=False)  # noqa: S603  # ours
    lines = ran.stderr.strip().splitlines() or ["no output"]
    tool.done(ok=ran.returncode == 0, detail=lines[-1][:200])
    return ran.returncode == 0


def finish(stage: Stage, summary: str) -> int:
    """Claim done, once the messages from people are written down."""
    stage.rest(0)
    for text in stage.inbox.messages:
        write_note(stage, f"Told: {' '.join(text.split())[:200]}")
    stage.end(ok=True)
    stage.emit("run.finished", summary=summary)
    return 0


def give_up(stage: Stage, message: str) -> int:
    """Report that it failed."""
    stage.end(ok=False)
    stage.emit("run.failed", message=message)
    return 1


def ask(stage: Stage) -> str | None:
    """A person's answer to `QUESTION` through the sidecar's tools, or None."""
    url, key = os.environ.get("OMPYCORD_MCP_URL"), os.environ.get("OMPYCORD_KEY")
    if not url or not key:
        stage.emit("message", text="This run has no address to ask a person at, so nobody was asked.")
        return None
    tool = stage.tool("ask_human", QUESTION, seconds=0)
    try:
        answer = Tools(url, key).ask(QUESTION, ["Yes", "No"], tool)
    except (OSError, ValueError, LookupError) as error:
        tool.done(ok=False, detail=f"asking failed: {type(error).__name__}")
        return None
    tool.done(ok=answer is not None, detail=answer or "nobody answered")
    return answer


class Tools:
    """As much of an MCP client as two tool calls need: streamable HTTP, protocol 2025-06-18."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }
        self._number = 0
        hello = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "rehearsal", "version": "1"},
        }
        self._post("initialize", hello)
        self._post("notifications/initialized", None)

    def ask(self, question: str, options: list[str], tool: Tool) -> str | None:
        """`ask_human` gives the answer or a ticket, which `wait_answer` polls (MCP clients cut long calls)."""
        deadline = time.monotonic() + ANSWER_S
        state = self._call("ask_human", {"question": question, "options": options})
        while not state.get("answer") and time.monotonic() < deadline:
            tool.progress("waiting for a person", seconds=1.0)
            state = self._call("wait_answer", {"ticket": state["ticket"]})
        return state.get("answer")

    def _call(self, name: str, arguments: dict[str, object]) -> dict[str, str]:
        result = self._post("tools/call", {"name": name, "arguments": arguments})
        if result.get("isError"):
            raise ValueError(name)
        return result["structuredContent"]

    def _post(self, method: str, params: dict[str, Any] | None) -> dict[str, Any]:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            self._number += 1
            message |= {"id": self._number, "params": params}
        request = urllib.request.Request(self._url, json.dumps(message).encode(), self._headers)  # noqa: S310  # our sidecar's address
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # the same
            session = answer.headers.get("Mcp-Session-Id")
            raw = answer.read(1_048_576).decode()
        if session:
            self._headers |= {"Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-06-18"}
        if params is None:
            return {}
        data = [line[5:] for line in raw.splitlines() if line.startswith("data:")]  # an event stream, or plain JSON
        for one in data or [raw]:
            reply: dict[str, Any] = json.loads(one) if one.strip() else {}
            if reply.get("id") == self._number:
                return reply["result"]
        raise ValueError(method)


if __name__ == "__main__":
    sys.exit(main())
