"""Random snapshots for the renderers' property tests, from empty to far too large, made of hostile text.

Hypothesis draws a seed and a size; the rest comes from `random`. Drawing each part took 60 ms a snapshot (measured),
and snapshots of this size do not shrink in the time a test has.
"""

import random
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

from hypothesis import strategies as st

from ompycord.domain.events import ChangedFile, CheckFinished, Phase, Step
from ompycord.domain.folds.snapshot import (
    Approval,
    Artifact,
    Check,
    Gap,
    ProviderWait,
    Question,
    StatusSnapshot,
    ToolCall,
    Usage,
    Verification,
)
from ompycord.domain.ids import Source
from ompycord.domain.run import EndedBy, FailureClass, RunKind, RunOutcome, RunState, SuspendReason
from ompycord.domain.task import Mode, Origin
from ompycord.render.render_context import RenderContext
from tests.support.states import NOON, RUN

T = TypeVar("T")

HOSTILE: Final = (
    "plain words about the cart total ",
    "@everyone @here <@123456789012345678> <@&1> <#2> <:x:3> <t:1:R> </omp:4> ",
    "[free money](https://evil.example/a_b) [x](<javascript:alert(1)>) ",
    "```py\nprint(1)\n",
    "``` ` `` *a* **b** __c__ ~~d~~ ||e|| \\ _f_ ",
    "# big\n> quote\n- list\n-# small\n1. one\n",
    "\u202egnitset\u202c \u200b\u200d\u2066x\u2069 ",
    "👨‍👩‍👧‍👦🏳️‍🌈🇩🇪🇫🇷👍🏽",
    "e\u0301\u0302\u0303\u0304\u0305\u0306 z\u0335\u0336\u0337",
    "\U0001d56c\U0001d587\U0001d588\U0001d589",
    "\x00\x07\x1b[31mred\x1b[0m\r\n\t",
    "각나다 नमस्ते ภาษาไทย ",
    "\n\n\n   \n",
    "a" * 64,
)
LONG: Final = tuple(
    (fragment * (4000 // len(fragment) + 1))[:4000] for fragment in (*HOSTILE, "".join(HOSTILE), "".join(HOSTILE[::-1]))
)
"""Longer than any limit of a card."""
LINKS: Final = (
    "https://forge.example/shop/pulls/128",
    "https://forge.example/" + "a" * 178,
    "https://forge.example/" + "b" * 178,
    "https://forge.example/" + "a" * 179,
    "https://user:password@evil.example/",
    "https://forge.example/x](https://evil.example)",
    "https://forge.example/@everyone?q=`|*",
    "https://пример.example/",
    "http://a.b/\u202e",
)
USAGES: Final = (
    Usage(),
    Usage(input=61_000, output=4_000, cache_read=1_250_000, cache_write=999, cost_usd=0.42),
    Usage(input=1, output=10**12, cost_usd=0.001, cost_complete=False, tokens_complete=False),
)
STATUS: Final = ("pending", "active", "done", "failed", "skipped")


class Maker:
    """Makes parts of a snapshot; `fullness` is the share of sections that have more than a card can show."""

    def __init__(self, seed: int, fullness: float) -> None:
        self.random = random.Random(seed)
        self.fullness = fullness

    def one(self, *options: T) -> T:
        return self.random.choice(options)

    def is_full(self) -> bool:
        return self.random.random() < self.fullness

    def text(self, limit: int = 200) -> str:
        return self.random.choice(LONG)[:limit] if self.is_full() else self.random.choice(("", *HOSTILE))[:limit]

    def name(self, limit: int = 120) -> str:
        return self.text(limit).strip() or "x"

    def maybe(self, make: Callable[[], T]) -> T | None:
        return make() if self.is_full() or self.random.random() < 0.5 else None

    def some(self, make: Callable[[], T], most: int) -> tuple[T, ...]:
        """As many as there may be, or a few; two different ones, repeated."""
        kinds = (make(), make())
        return tuple(kinds[n % 2] for n in range(most if self.is_full() else self.random.randint(0, min(3, most))))

    def step(self) -> Step:
        return Step.model_construct(title=self.text(), status=self.one(*STATUS))

    def plan(self) -> tuple[Phase, ...]:
        done, after = (self.one(2, 6, 12) if self.is_full() else self.random.randint(0, 2) for _ in range(2))
        active = self.one("active", "active", "pending")
        status = [*(self.one("done", "done", "skipped", "failed") for _ in range(done)), active, *["pending"] * after]
        steps, title = self.some(self.step, 50), self.text()
        return tuple(
            Phase.model_construct(title=f"{number} {title}", status=each, steps=steps)
            for number, each in enumerate(status)
            if done or after or self.is_full()
        )

    def check(self) -> Check:
        status = self.one("running", "passed", "failed", "failed", "error", "timeout", "missing")
        result = CheckFinished.model_construct(
            check="x",
            status=self.one("passed", "failed"),
            passed=self.maybe(lambda: 10**6),
            failed=self.maybe(lambda: 2),
            skipped=None,
            duration_ms=self.maybe(lambda: 10**8),
            detail=self.maybe(self.text),
            failing=self.some(self.text, 20),
        )
        ours = self.one(True, True, False)
        return Check.model_construct(
            name=self.name(), status=status, ours=ours, result=self.maybe(lambda: result), at=NOON
        )

    def tool(self) -> ToolCall:
        return ToolCall.model_construct(
            tool=self.one("edit", "Bash", "grep", "WebFetch", "read_file", "mcp__x__y", "🤖"),
            title=self.maybe(self.text),
            status=self.one("running", "ok", "failed"),
            detail=self.maybe(self.text),
            added=self.maybe(lambda: 14),
            removed=None,
            at=NOON,
        )

    def file(self) -> ChangedFile:
        status = self.one("added", "modified", "deleted", "renamed")
        return ChangedFile.model_construct(
            path=self.name(300), status=status, added=self.maybe(lambda: 7), removed=None
        )

    def artifact(self) -> Artifact:
        return Artifact(name="log", kind="log", url=self.maybe(lambda: self.random.choice(LINKS)))

    def question(self) -> Question:
        return Question(
            ref="q", text=self.text(4000) or "?", options=self.some(lambda: self.name(80), 20), asked_at=NOON
        )

    def approval(self) -> Approval:
        command, risk = self.maybe(lambda: self.text(4000)), self.maybe(self.name)
        return Approval(ref="a", title=self.text(), command=command, risk=risk, asked_at=NOON)

    def wait(self) -> ProviderWait:
        return ProviderWait(since=NOON, message=self.maybe(self.text), attempt=self.maybe(lambda: 3), of=8, until=2**53)

    def gap(self) -> Gap:
        return Gap(source=Source(self.name(300)), first=4, last=self.one(4, 2**53))

    def origin(self) -> Origin:
        return Origin(requester="3", requester_name=self.maybe(lambda: self.name(128)))

    def snapshot(self) -> StatusSnapshot:
        """Every field of a snapshot, since each is shown somewhere."""
        state = self.one(*RunState)
        values: dict[str, Any] = {
            "run": RUN,
            "kind": self.one(RunKind.HOSTED, RunKind.HOSTED, RunKind.EXTERNAL),
            "state": state,
            "reason": self.one(None, *SuspendReason) if state is RunState.SUSPENDED else None,
            "resume_to": self.one(None, *RunState),
            "wake_at": self.maybe(lambda: NOON),
            "iteration": self.random.randint(1, 12),
            "title": self.text(256),
            "prompt": self.text(2000),
            "repository": self.maybe(self.name),
            "agent": self.maybe(self.name),
            "mode": self.one(None, *Mode),
            "branch": self.maybe(self.text),
            "model": self.maybe(self.name),
            "provider": self.maybe(self.name),
            "budget_usd": self.one(None, 0.001, 2.0, 10_000.0),
            "origin": self.origin(),
            "message": self.maybe(self.text),
            "last_words": self.maybe(lambda: self.text(2000)),
            "summary": self.maybe(lambda: self.text(2000)),
            "failure": self.one(None, *FailureClass),
            "ended_by": self.one(None, *EndedBy),
            "outcome": self.one(None, *RunOutcome) if state is RunState.COMPLETE else None,
            "plan": self.plan(),
            "tools": self.some(self.tool, 8),
            "usage": self.random.choice(USAGES),
            "files": self.some(self.file, 500),
            "files_total": self.one(0, 3, 100_000),
            "checks": self.some(self.check, 20),
            "verification": self.one(*Verification),
            "questions": self.some(self.question, 2),
            "approvals": self.some(self.approval, 1),
            "provider_wait": self.maybe(self.wait),
            "artifacts": self.some(self.artifact, 7),
            "notes": self.some(self.text, 5),
            "url": self.maybe(lambda: self.random.choice(LINKS)),
            "cancel_requested": self.one(True, False),
            "gaps": self.some(self.gap, 10),
            "gap_count": self.one(0, 10, 500),
            "created_at": NOON,
            "started_at": self.maybe(lambda: NOON),
            "last_event_at": self.one(NOON, 0, 2**53),
            "ended_at": self.maybe(lambda: NOON + 90_000_000),
        }
        return StatusSnapshot.model_construct(**values)

    def render_context(self) -> RenderContext:
        values: dict[str, Any] = {
            "gateway": self.one("connected", "reconnecting"),
            "slowed_until": self.one(None, NOON, 2**53),
            "breaker": self.maybe(self.text),
            "confinement": self.one(None, "full", "none"),
            "queue_place": self.one(None, 1, 40),
            "starts_at": self.maybe(lambda: NOON),
            "checks": self.maybe(lambda: self.some(self.name, 12)),
            "card_number": self.random.randint(1, 99),
            "channel_name": self.maybe(self.text),
            "is_rehearsal": self.one(True, False),
            "silent_since": self.maybe(lambda: NOON),
            "approvers": self.maybe(self.text),
            "question_url": self.maybe(lambda: "https://discord.com/channels/1/2/3"),
            "is_expired": self.one(True, False),
            "reads_messages": self.one(True, False),
            "takes_messages": self.one(True, False),
        }
        return RenderContext(**values)


class Sample(NamedTuple):
    """A random snapshot and surroundings. Shown by what makes it again: printed whole it would be megabytes."""

    snapshot: StatusSnapshot
    render_context: RenderContext
    seed: int
    fullness: float

    def __repr__(self) -> str:
        return f"sample({self.seed}, {self.fullness})"


def sample(seed: int, fullness: float) -> Sample:
    maker = Maker(seed, fullness)
    return Sample(maker.snapshot(), maker.render_context(), seed, fullness)


MIXED: Final = (*[0.05] * 6, 0.5, 0.9, *[1.0] * 4)
"""Mostly ordinary snapshots, which cost 3 ms, and enough full ones, which cost 25 ms, to reach every loss step."""


def snapshots(fullness: tuple[float, ...] = MIXED) -> st.SearchStrategy[Sample]:
    """Any snapshot, with surroundings."""
    return st.builds(sample, st.integers(0, 2**64), st.sampled_from(fullness))
