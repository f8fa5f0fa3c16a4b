"""Generated work of agents, with a seed: loops of every kind, and honest work that resembles them.

Counterpart: `guardian.py`, which has them judged. Texts are made of the noise that real programs add: times, durations,
addresses, process ids, temporary paths, hashes, colours.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

__all__ = ["HONEST", "LOOPS", "Action", "Entry", "Round", "Talk", "Trajectory", "generate"]


@dataclass(frozen=True, slots=True)
class Action:
    """One use of a tool, whole."""

    tool: str
    arguments: dict[str, str]
    output: str = ""
    ok: bool = True
    after_s: float = 5.0
    """Seconds since the entry before."""
    tree: str | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """A message of the agent."""

    text: str
    after_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Round:
    """A round of our checks that failed."""

    tree: str
    failing: frozenset[str]
    error: str
    after_s: float = 60.0


Entry = Action | Talk | Round


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The work of one agent. `loop_from` is the first entry of its loop; None for honest work."""

    kind: str
    entries: tuple[Entry, ...]
    loop_from: int | None = None


_FILES: Final = ("cart/total.py", "cart/line.py", "shop/views.py", "shop/urls.py", "api/client.py", "core/money.py")
_SENTENCE: Final = (
    "the discount is taken from one piece of each line so the total of an order with several pieces is too high and "
    "the test for it fails although the rounding of every single price looks right which means that the sum comes first"
)
_WORDS: Final = tuple(_SENTENCE.split())


@dataclass(slots=True)
class _Maker:
    """Makes entries with noise of its own each time."""

    random: Random
    serial: int = field(default=0)

    def number(self) -> int:
        """A number that no other entry of this trajectory has."""
        self.serial += 1
        return self.serial

    def noise(self, text: str) -> str:
        """`text` as programs write it: what is in braces differs every time."""
        random = self.random
        return text.format(
            time=f"2026-11-{random.randint(10, 28)}T{random.randint(10, 23)}:12:12.{random.randint(100, 999)}Z",
            took=f"{random.uniform(0.1, 9.9):.2f}s",
            address=f"0x{random.randrange(16**12):012x}",
            pid=f"pid {random.randint(300, 99_999)}",
            tmp=f"/tmp/tmp{random.randrange(36**6):x}abc/log.txt",  # noise, never opened
            hash=f"{random.randrange(16**12):011x}a7",
            red="\x1b[31m" if random.random() < 0.5 else "",
            off="\x1b[0m" if random.random() < 0.5 else "",
            blank=" " * random.randint(1, 6),
        )

    def read(self, file: str, *, first: int = 1) -> Action:
        lines = "\n".join(f"{first + at}: value_{first + at} = {first + at}" for at in range(8))
        return Action("read", {"file_path": file, "offset": str(first)}, f"{file}\n{lines}")

    def edit(self, file: str) -> Action:
        number = self.number()
        arguments = {"file_path": file, "old_string": f"price_{number}", "new_string": f"cost_{number}"}
        return Action("edit", arguments, f"The file {file} has been updated.")

    def shell(self, command: str, output: str = "", *, ok: bool = True, after_s: float = 5.0) -> Action:
        return Action("bash", {"command": command}, self.noise(output), ok, after_s)

    def tests(self, failing: int, *, file: str = "tests") -> Action:
        """A run of tests with so many failures."""
        report = f"{failing} failed, {40 - failing} passed" if failing else "40 passed"
        names = "\n".join(f"FAILED tests/test_total.py::test_{at} - AssertionError" for at in range(failing))
        output = f"{{red}}{names}{{off}}\n===={{blank}}{report} in {{took}} ===="
        return self.shell(f"python -m pytest -q {file}", output, ok=not failing)

    def prefix(self) -> list[Entry]:
        """Some honest steps before what the trajectory is about."""
        return [entry for _ in range(self.random.randint(1, 6)) for entry in self.bout()]

    def bout(self) -> list[Entry]:
        """A few steps of ordinary work; no two are the same."""
        file = self.random.choice(_FILES)
        steps: list[Entry] = [
            self.read(file, first=8 * self.number()),
            self.shell(f"grep -rn value_{self.number()} .", f"{file}:{self.number()}: value"),
            self.edit(file),
            self.shell(f"python -m pytest -q -k part_{self.number()}", "{blank}12 passed in {took}"),
            self.talk(12),
        ]
        return self.random.sample(steps, k=self.random.randint(2, 5))

    def talk(self, length: int) -> Talk:
        return Talk(" ".join(self.random.choice(_WORDS) + f"{self.number() % 7 or ''}" for _ in range(length)))


Make = Callable[[_Maker], tuple[list[Entry], list[Entry]]]
"""Makes honest entries and the loop that follows them; of honest work the loop is empty."""


# -- loops ------------------------------------------------------------------------------------------------------------


def _failing_command(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    output = "{time} {red}error{off}: connection to {address} refused ({pid}), see {tmp} after {took}"
    return make.prefix(), [make.shell("npm run build", output, ok=False) for _ in range(10)]


def _same_read(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    action = make.read(make.random.choice(_FILES))
    return make.prefix(), [action] * 10


def _failing_edit(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    action = Action(
        "edit", {"file_path": "a.py", "old_string": "x", "new_string": "y"}, "old_string not found", ok=False
    )
    return make.prefix(), [action] * 10


def _cycle(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """Two to six steps over and over; the results differ only by noise."""
    file, number = make.random.choice(_FILES), make.number()
    there = Action("edit", {"file_path": file, "old_string": "a", "new_string": "b"}, "updated")
    back = Action("edit", {"file_path": file, "old_string": "b", "new_string": "a"}, "updated")

    def unit() -> list[Entry]:
        return [
            make.tests(2),
            there,
            make.shell(f"git diff --stat {number}", "{hash} cart/total.py | 2 +-{blank}"),
            back,
            make.read(file),
            make.shell("ruff check .", "{red}Found 1 error.{off} ({took})", ok=False),
        ]

    size = make.random.randint(2, 6)
    return make.prefix(), [entry for _ in range(6) for entry in unit()[:size]]


def _other_words(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """The same edit made and taken back by commands that differ every time; the states of the files show it."""
    entries: list[Entry] = []
    for _ in range(5):
        number = make.number()
        there = Action("bash", {"command": f"sed -i s/a{number}/b/ a.py; sed -i s/x/y/ a.py"}, tree="with")
        back = Action("bash", {"command": f"git stash push -m try-{number}"}, f"Saved {number}", tree="without")
        entries += [there, back]
    return make.prefix(), entries


def _waiting_in_vain(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    every = make.random.choice((15, 30, 60))
    poll = make.shell(f"sleep {every}; tail -n 1 build.log", "starting", after_s=every + 1)
    return make.prefix(), [poll] * (2 * 15 * 60 // every)


def _same_words(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """A long message with a word or so that differs."""
    words = [make.random.choice(_WORDS) for _ in range(90)]
    entries: list[Entry] = []
    for _ in range(6):
        said = [*words]
        said[-1] = f"again{make.number()}"
        entries.append(Talk(" ".join(said)))
    return make.prefix(), entries


def _same_round(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    failing = frozenset({"test_total", "test_line"})
    error = "AssertionError at {address} in {took}"
    return make.prefix(), [Round("t1", failing, make.noise(error)) for _ in range(5)]


def _no_gain(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    rounds = [
        Round(
            f"t{make.number()}", frozenset({f"test_{at}" for at in range(make.random.randint(3, 5))}), "AssertionError"
        )
        for _ in range(9)
    ]
    first = Round("t0", frozenset({"test_0", "test_1", "test_2"}), "AssertionError")
    return [*make.prefix(), first], [*rounds]


def _files_return(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """One test is fixed and another broken, and back."""
    one, other = frozenset({"test_a"}), frozenset({"test_b"})
    rounds: list[Entry] = []
    for _ in range(4):
        rounds += [Round("first", one, "A"), Round("second", other, "B")]
    return make.prefix(), rounds


LOOPS: Final[dict[str, Make]] = {
    "failing command": _failing_command,
    "same file read": _same_read,
    "failing edit": _failing_edit,
    "cycle of two to six": _cycle,
    "undone in other words": _other_words,
    "waiting in vain": _waiting_in_vain,
    "same words": _same_words,
    "same round": _same_round,
    "no gain": _no_gain,
    "files return": _files_return,
}


# -- honest work ------------------------------------------------------------------------------------------------------


def _feature(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    entries: list[Entry] = []
    for failing in range(make.random.randint(3, 8), -1, -1):
        entries += [*make.bout(), make.edit(make.random.choice(_FILES)), make.tests(failing)]
    return entries, []


def _build_polled(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    polls = [
        make.shell("sleep 10; tail -n 3 build.log", f"[{at}/60] compiling {{took}}", after_s=11) for at in range(20)
    ]
    return [*make.prefix(), *polls, *make.bout()], []


def _same_poll(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """The same question with the same answer, for less than a quarter of an hour."""
    command = make.random.choice(
        ("gh run view 4711", "kubectl get pods", "curl -s localhost:8080/health", "sleep 20 && cat state", "ps aux")
    )
    times = make.random.randint(5, 20)
    polls: list[Entry] = [make.shell(command, "state: running", after_s=20) for _ in range(times)]
    return [*make.prefix(), *polls, make.shell(command, "state: done", after_s=20), *make.bout()], []


def _sed_over_files(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    steps = [make.shell(f"sed -i 's/price/cost/g' src/module_{at}.py") for at in range(make.random.randint(6, 15))]
    return [*make.prefix(), *steps, *make.bout()], []


def _status_between_edits(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    entries: list[Entry] = []
    for _ in range(8):
        entries += [make.edit("cart/total.py"), make.shell("git status --short", " M cart/total.py")]
    return [*make.prefix(), *entries], []


def _flaky_rerun(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """One test again and again to see whether it is flaky; often it is not."""
    fails = 0.0 if make.random.random() < 0.5 else 0.4
    runs = [
        make.tests(1 if make.random.random() < fails else 0, file="tests/test_total.py")
        for _ in range(make.random.randint(4, 7))
    ]
    return [*make.prefix(), *runs, *make.bout()], []


def _paging(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    pages = [make.read("big.py", first=1 + 8 * at) for at in range(12)]
    ranges = [make.shell(f"sed -n {at},{at + 50}p big.py", f"line {at}") for at in range(1, 500, 50)]
    return [*make.prefix(), *pages, *ranges], []


def _edits_of_one_file(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    return [*make.prefix(), *(make.edit("cart/total.py") for _ in range(15))], []


def _red_first(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """The new test fails without the fix and passes with it."""
    stash = Action("bash", {"command": "git stash"}, "Saved working directory", tree="base")
    pop = Action("bash", {"command": "git stash pop"}, "Dropped refs/stash", tree="fixed")
    return [*make.prefix(), make.tests(0), stash, make.tests(1), pop, make.tests(0), *make.bout()], []


def _retried(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """A command that fails three times the same way and then works."""
    command, output = "npm install", "{red}ECONNRESET{off} after {took}"
    tries = [make.shell(command, output, ok=False) for _ in range(3)]
    return [*make.prefix(), *tries, make.shell(command, "added 214 packages in {took}"), *make.bout()], []


def _silent_commands(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    kills = [make.shell(f"kill {make.random.randint(100, 99_999)}") for _ in range(6)]
    picks = [make.shell(f"git cherry-pick {make.random.randrange(16**10):010x}") for _ in range(5)]
    return [*make.prefix(), *kills, *picks, *make.bout()], []


def _talkative(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """Nearly the same words, each with a step that is new."""
    entries: list[Entry] = []
    for _ in range(8):
        entries += [Talk("Now I look at the next file and change the name of the field there."), make.edit("a.py")]
    return [*entries, make.talk(20), make.talk(20), make.talk(20)], []


def _polled_between(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """A server that is waited for by two commands in turn."""
    polls: list[Entry] = []
    for _ in range(8):
        polls += [make.shell("sleep 5", after_s=6), make.shell("docker logs web", "booting", after_s=1)]
    return [*make.prefix(), *polls, make.shell("docker logs web", "listening"), *make.bout()], []


def _rounds_with_gain(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """Fewer tests fail after each second round."""
    rounds: list[Entry] = []
    for at in range(6):
        failing = frozenset(f"test_{number}" for number in range(5 - at // 2))
        rounds += [*make.bout(), Round(f"t{make.number()}", failing, "AssertionError")]
    return rounds, []


def _nothing_changed_once(make: _Maker) -> tuple[list[Entry], list[Entry]]:
    """One repair changed nothing, the next one helped."""
    failing = frozenset({"test_a", "test_b"})
    again = [Round("t1", failing, "AssertionError"), Round("t1", failing, "AssertionError")]
    return [*make.prefix(), *again, Round("t2", frozenset({"test_a"}), "AssertionError"), *make.bout()], []


HONEST: Final[dict[str, Make]] = {
    "feature": _feature,
    "build polled": _build_polled,
    "same poll": _same_poll,
    "sed over files": _sed_over_files,
    "git status between edits": _status_between_edits,
    "flaky test rerun": _flaky_rerun,
    "paging": _paging,
    "edits of one file": _edits_of_one_file,
    "red first": _red_first,
    "retried": _retried,
    "silent commands": _silent_commands,
    "talkative": _talkative,
    "polled by two commands": _polled_between,
    "rounds with gain": _rounds_with_gain,
    "nothing changed once": _nothing_changed_once,
}


def generate(seed: int, *, each: int) -> Iterator[Trajectory]:
    """`each` trajectories of every kind; the same seed makes the same."""
    for kinds in (LOOPS, HONEST):
        for kind, make in kinds.items():
            for number in range(each):
                before, loop = make(_Maker(Random(f"{seed} {kind} {number}")))  # no secret
                yield Trajectory(kind, (*before, *loop), len(before) if loop else None)
