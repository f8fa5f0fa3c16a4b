"""How results were judged, in words: shares with their interval, and nothing claimed under twenty."""

from ompycord.domain.events import MemoryRecalled, RecalledRef
from ompycord.domain.folds.snapshot import StatusSnapshot, Usage, Verification
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.memory.feedback import Feedback, FeedbackVerdict
from ompycord.domain.memory.items import MemoryKind
from ompycord.domain.run import RunKind, RunState
from ompycord.render.memory.intervals import share_of
from ompycord.render.memory.opinions import opinions_text
from ompycord.render.sanitizer import Sanitizer

ITEM = RecalledRef(item=new_ulid(now_ms=1, entropy=bytes(10)), kind=MemoryKind.LESSON, why="same repository")


def snapshot(number: int, *, verified: bool, withheld: bool) -> StatusSnapshot:
    return StatusSnapshot(
        run=RunId(new_ulid(now_ms=number, entropy=number.to_bytes(10))),
        kind=RunKind.HOSTED,
        state=RunState.COMPLETE,
        agent="omp",
        verification=Verification.VERIFIED if verified else Verification.FAILED,
        recalled=MemoryRecalled(items=(ITEM,), withheld=withheld),
        usage=Usage(cost_usd=0.5),
        created_at=1,
        last_event_at=2,
    )


def test_the_interval_is_wilsons() -> None:
    """Values of Brown, Cai and DasGupta's tables and of R's `prop.test(correct = FALSE)`."""
    for hits, of, low, high in ((0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (18, 20, 0.6990, 0.9721)):
        share = share_of(hits, of)
        assert abs(share.low - low) < 0.0001
        assert abs(share.high - high) < 0.0001
    assert share_of(0, 0) == (0, 0, 0.0, 1.0)


def test_shares_have_bounds_and_few_are_only_counted() -> None:
    runs: dict[str, StatusSnapshot] = {
        one.run: one for one in (snapshot(n, verified=n % 4 > 0, withheld=n < 5) for n in range(40))
    }
    verdicts = [
        Feedback(run=run, person=str(n), person_name="Ada", verdict=FeedbackVerdict.GOOD, at=1)
        for n, run in enumerate(runs)
    ]
    text = opinions_text(verdicts, runs, Sanitizer(str), days=30)
    assert "40 verdicts (40 good 👍, 0 edit ✏️, 0 bad 👎)" in text
    assert "omp: 40 of 40 good (91% to 100%)" in text
    assert "with what was recalled: 27 of 35 verified (61% to 88%), 1.0 rounds, $0.50 each" in text
    assert "without it: 3 of 5 verified; too few to say more" in text


def test_nothing_is_said_of_nothing() -> None:
    text = opinions_text([], {}, Sanitizer(str), days=30)
    assert "0 verdicts" in text
    assert "Nothing was recalled for any run" in text
