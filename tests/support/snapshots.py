"""Random snapshots for the renderers' property tests, from empty to far too large, made of hostile text.

Sizes are drawn per section, so that every loss step of a card is really reached; text is fragments repeated, which is
fast to make and shrinks well.
"""

from typing import Any

from hypothesis import strategies as st

from ompycord.domain.events import ChangedFile, CheckFinished, Phase, Step
from ompycord.domain.ids import Source
from ompycord.domain.run import FailureClass, RunKind, RunState, SuspendReason
from ompycord.domain.snapshot import (
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
from ompycord.domain.task import Mode, Origin
from ompycord.render.surroundings import Surroundings
from tests.support.states import NOON, RUN

HOSTILE = (
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
_MIXED = ("".join(HOSTILE), "".join(reversed(HOSTILE)))
SHORT = ("", *HOSTILE)
LONG = tuple((fragment * (4000 // len(fragment) + 1))[:4000] for fragment in (*HOSTILE, *_MIXED))
"""Longer than any limit of a card."""
STATES_LIVE = st.sampled_from([state for state in RunState if state is not RunState.COMPLETE])


def text(limit: int = 500) -> st.SearchStrategy[str]:
    """Hostile or harmless text of at most `limit` code points, half of it as long as that. One draw: cards need many."""
    return st.sampled_from([*SHORT, *(long[:limit] for long in LONG)])


def long_text(limit: int = 500) -> st.SearchStrategy[str]:
    return st.sampled_from([long[:limit] for long in LONG])


def name(limit: int = 120) -> st.SearchStrategy[str]:
    return st.sampled_from(["x", *(long[:limit].strip() or "y" for long in (*HOSTILE, *LONG))])


def some(entry: st.SearchStrategy[Any], most: int, *, full: bool) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few, or in a full snapshot as many as there may be: one entry drawn, then repeated with small differences."""
    sizes = st.sampled_from([most, most, most // 2, 0]) if full else st.integers(0, min(3, most))
    return st.tuples(st.lists(entry, min_size=1, max_size=2), sizes).map(lambda p: tuple((p[0] * most)[: p[1]]))


def _steps(full: bool) -> st.SearchStrategy[tuple[Step, ...]]:
    status = st.sampled_from(["pending", "active", "done", "failed", "skipped"])
    return some(st.builds(Step, title=text(), status=status), 50, full=full)


@st.composite
def plans(draw: st.DrawFn, *, full: bool) -> tuple[Phase, ...]:
    """Finished phases, perhaps one active, then future ones."""
    done, after = (draw(st.sampled_from([0, 1, 5, 12])) if full else draw(st.integers(0, 2)) for _ in range(2))
    title, steps = draw(text()), draw(_steps(full))
    ended = draw(st.sampled_from(["done", "done", "skipped", "failed"]))
    active = [Phase(title=title, status="active", steps=steps)] if draw(st.booleans()) else []
    finished = [
        Phase.model_validate({"title": f"{n} {title}"[:500], "status": ended, "steps": steps}) for n in range(done)
    ]
    return (*finished, *active, *(Phase(title=f"{title} {n}"[:500], steps=steps) for n in range(after)))


def checks(*, full: bool) -> st.SearchStrategy[tuple[Check, ...]]:
    result = st.builds(
        CheckFinished,
        check=name(),
        status=st.sampled_from(["passed", "failed", "error", "timeout", "missing"]),
        passed=st.none() | st.integers(0, 10**6),
        failed=st.none() | st.integers(0, 10**6),
        duration_ms=st.none() | st.integers(0, 10**8),
        detail=st.none() | text(),
        failing=some(text(), 20, full=full),
    )
    status = st.sampled_from(["running", "passed", "failed", "failed", "error", "timeout", "missing"])
    entry = st.builds(
        Check, name=name(), status=status, ours=st.booleans(), result=st.none() | result, at=st.just(NOON)
    )
    return some(entry, 20, full=full)


def tools(*, full: bool) -> st.SearchStrategy[tuple[ToolCall, ...]]:
    entry = st.builds(
        ToolCall,
        tool=st.sampled_from(["edit", "Bash", "grep", "WebFetch", "read_file", "mcp__x__y", "🤖"]),
        title=st.none() | text(),
        status=st.sampled_from(["running", "ok", "failed"]),
        detail=st.none() | text(),
        added=st.none() | st.integers(0, 10**6),
        at=st.just(NOON),
    )
    return some(entry, 8, full=full)


LINKS = st.sampled_from(
    [
        "https://forge.example/shop/pulls/128",
        "https://forge.example/" + "a" * 178,
        "https://forge.example/" + "a" * 179,
        "https://user:password@evil.example/",
        "https://forge.example/x](https://evil.example)",
        "https://forge.example/@everyone?q=`|*",
        "https://пример.example/",
        "http://a.b/\u202e",
    ]
)


@st.composite
def snapshots(draw: st.DrawFn, *, full: bool | None = None) -> StatusSnapshot:
    """Any snapshot; a full one has more in every section than a card can show."""
    full = draw(st.booleans()) if full is None else full
    state = draw(STATES_LIVE if full else st.sampled_from(RunState))
    reason = draw(st.none() | st.sampled_from(SuspendReason)) if state is RunState.SUSPENDED else None
    wordy = long_text(2000) if full else text(2000)
    asks = draw(st.integers(0, 2))
    values: dict[str, Any] = {
        "run": RUN,
        "kind": draw(st.sampled_from(RunKind)),
        "state": state,
        "reason": reason,
        "resume_to": draw(st.none() | st.sampled_from(RunState)),
        "wake_at": draw(st.none() | st.just(NOON)),
        "iteration": draw(st.integers(1, 12)),
        "title": draw(text(256)),
        "prompt": draw(wordy),
        "repository": draw(st.none() | name()),
        "agent": draw(st.none() | st.just("omp") | name()),
        "mode": draw(st.none() | st.sampled_from(Mode)),
        "branch": draw(st.none() | text(200)),
        "model": draw(st.none() | name()),
        "provider": draw(st.none() | name()),
        "budget_usd": draw(st.none() | st.sampled_from([0.001, 2.0, 10_000.0])),
        "origin": Origin(requester="3", requester_name=draw(st.none() | text(128))),
        "message": draw(st.none() | text()),
        "last_words": draw(st.none() | wordy),
        "summary": draw(st.none() | wordy),
        "failure": draw(st.none() | st.sampled_from(FailureClass)),
        "plan": draw(plans(full=full)),
        "tools": draw(tools(full=full)),
        "usage": draw(
            st.sampled_from(
                [
                    Usage(),
                    Usage(input=61_000, output=4_000, cache_read=1_250_000, cache_write=999, cost_usd=0.42),
                    Usage(input=1, output=10**12, cost_usd=0.001, cost_complete=False),
                ]
            )
        ),
        "files": draw(some(st.builds(ChangedFile, path=name(1000), added=st.none() | st.just(7)), 500, full=full)),
        "files_total": draw(st.sampled_from([0, 3, 100_000])),
        "checks": draw(checks(full=full)),
        "verification": draw(st.sampled_from(Verification)),
        "questions": tuple(Question(ref=f"q{n}", text=draw(long_text(4000)), asked_at=NOON) for n in range(asks)),
        "approvals": draw(
            some(
                st.builds(
                    Approval,
                    ref=st.just("a"),
                    title=text(),
                    command=st.none() | wordy,
                    risk=st.none() | name(),
                    asked_at=st.just(NOON),
                ),
                1,
                full=False,
            )
        ),
        "provider_wait": draw(
            st.none()
            | st.builds(ProviderWait, since=st.just(NOON), message=text(), attempt=st.none() | st.integers(0, 9))
        ),
        "artifacts": draw(
            some(st.builds(Artifact, name=name(), kind=st.just("log"), url=st.none() | LINKS), 7, full=full)
        ),
        "notes": draw(some(text(), 5, full=full)),
        "url": draw(st.none() | LINKS),
        "cancel_requested": draw(st.booleans()),
        "gaps": draw(
            some(st.builds(Gap, source=name().map(Source), first=st.just(4), last=st.just(2**53)), 10, full=full)
        ),
        "gap_count": draw(st.sampled_from([0, 10, 500])),
        "created_at": NOON,
        "started_at": draw(st.none() | st.just(NOON)),
        "last_event_at": draw(st.sampled_from([NOON, 0, 2**53])),
        "ended_at": draw(st.none() | st.just(NOON + 90_000_000)),
    }
    return StatusSnapshot.model_construct(**values)


surroundings = st.builds(
    Surroundings,
    gateway=st.sampled_from(["connected", "reconnecting"]),
    slowed_until=st.none() | st.sampled_from([NOON, 2**53]),
    breaker=st.none() | text(),
    confinement=st.none() | st.sampled_from(["full", "none"]),
    queue_place=st.none() | st.integers(1, 40),
    starts_at=st.none() | st.just(NOON),
    checks=st.none() | some(name(), 12, full=False),
    card_number=st.integers(1, 99),
    channel_name=st.none() | text(100),
    is_rehearsal=st.booleans(),
    silent_since=st.none() | st.just(NOON),
    approvers=st.none() | text(100),
    question_url=st.none() | st.just("https://discord.com/channels/1/2/3"),
    is_expired=st.booleans(),
)
