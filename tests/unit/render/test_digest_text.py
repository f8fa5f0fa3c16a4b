"""A digest in words: what broke and why, what is worth a look, what it cost beside what is usual."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from ompycord.domain.events import ChangedEvidence, ChangedFile
from ompycord.domain.folds.snapshot import StatusSnapshot, Usage, Verification
from ompycord.domain.ids import RunId, new_ulid, short_id
from ompycord.domain.run import FailureClass, RunKind, RunState
from ompycord.render.sanitizer import Sanitizer
from ompycord.render.schedules.digest import Digest, digest_chart, digest_text, worth_a_check

BERLIN = ZoneInfo("Europe/Berlin")
START = 1_805_558_400_000  # 2027-03-20T16:00Z
DAY = 24 * 3_600_000


def run(number: int, state: RunState = RunState.COMPLETE, **changes: Any) -> StatusSnapshot:
    fields: dict[str, object] = {
        "run": RunId(new_ulid(now_ms=number, entropy=number.to_bytes(10))),
        "kind": RunKind.HOSTED,
        "state": state,
        "title": f"Task {number}",
        "verification": Verification.VERIFIED,
        "usage": Usage(cost_usd=0.5),
        "created_at": START,
        "last_event_at": START,
    }
    return StatusSnapshot.model_validate({**fields, **changes})


def test_a_week_in_ten_lines_at_most() -> None:
    broken = [run(n, RunState.FAILED, failure=FailureClass.VERIFY, repository="a*b") for n in (1, 2)]
    broken += [run(3, RunState.FAILED, failure=FailureClass.LOOP), run(4, RunState.FAILED)]
    large = run(5, files=(ChangedFile(path="a.py", added=1600),), files_total=1)
    odd = run(6, evidence=(ChangedEvidence(path="t.py", what="test_removed"),), evidence_total=1, budget_usd=0.1)
    fine, unknown = run(7, created_at=START + 7 * DAY - 1), run(8, usage=Usage())
    digest = Digest(
        kind="weekly", start=START, end=START + 7 * DAY, began=[*broken, large, odd, fine, unknown],
        ended=[*broken, large, odd, fine], waiting=[run(9, RunState.AWAITING_APPROVAL, title="@everyone")],
        before=[[run(20)]] * 4 + [[]] * 3, decisions=["Amounts are cents"], notes=["Forecast held: time 3 of 4"],
    )  # fmt: skip
    chart = digest_chart(digest, zone=BERLIN, redact=str)
    assert chart is not None
    text = digest_text(digest, zone=BERLIN, sanitizer=Sanitizer(str), chart=chart)
    lines = text.splitlines()
    assert len(lines) == 10
    assert lines[0] == "**Week** · Sat 2027-03-20 17:00 to Sat 2027-03-27 17:00 (Europe/Berlin)"
    assert "@everyone" not in text
    assert lines[2].startswith("Broken: `")
    assert lines[2].endswith("Task 3; and 1 more")
    assert lines[3] == "Why: 2 by red checks, 1 by going in circles and 1 by other reasons"
    assert lines[4] == "Done: 3 runs, 3 with passed checks"
    assert f"`{short_id(large.run)}` Task 5 (very large)" in lines[5]
    assert f"`{short_id(odd.run)}` Task 6 (tests or checks changed, over its budget)" in lines[5]
    cost = "Cost: $3.50 for 8 runs, cost of 1 run unknown (median before: $0.50)"
    assert lines[6] == f"{cost}: no repository $2.50, a\\*b $1.00"
    assert lines[7].startswith("Each day: `█      ▂` Sat 20 $3.00, Sun 21 $0.00, ")
    assert lines[7].endswith(", Sat 27 $0.50")
    assert lines[8:] == ["Decided: Amounts are cents", "Forecast held: time 3 of 4"]
    assert chart.title == "Week · 20 Mar to 27 Mar 2027"
    why = "Broken: 2 by red checks, 1 by going in circles and 1 by other reasons"
    assert chart.figures == (cost, "Done: 3 runs, 3 with passed checks", why)
    assert [share.name for share in chart.shares] == ["no repository", "a*b"]
    assert sum(bar.usd for bar in chart.bars) == sum(share.usd for share in chart.shares) == 3.5


def test_what_was_accepted_or_failed_is_not_worth_a_check() -> None:
    changed: dict[str, Any] = {"evidence": (ChangedEvidence(path="t.py", what="test_removed"),), "evidence_total": 1}
    assert worth_a_check(run(1, **changed)) == "tests or checks changed"
    assert worth_a_check(run(2, **changed, accepted_by="Mo")) == ""
    assert worth_a_check(run(3, RunState.FAILED, **changed)) == ""


def test_a_daily_digest_and_a_week_that_cost_nothing_have_no_chart() -> None:
    day = Digest(kind="daily", start=START, end=START + DAY, began=[run(1)], ended=[], waiting=[])
    free = replace(day, kind="weekly", began=[run(1, usage=Usage(cost_usd=0)), run(2, usage=Usage())])
    assert digest_chart(replace(day, kind="weekly"), zone=BERLIN, redact=str) is not None
    assert [digest_chart(one, zone=BERLIN, redact=str) for one in (day, free)] == [None, None]


def test_of_few_spans_no_median_is_said() -> None:
    digest = Digest(
        kind="daily", start=START, end=START + DAY, began=[run(1)], ended=[], waiting=[], before=[[run(2)], [], []]
    )
    assert digest_text(digest, zone=BERLIN, sanitizer=Sanitizer(str)).splitlines()[1:] == ["Cost: $0.50 for 1 run"]
    assert Digest(kind="daily", start=1, end=2, began=[], ended=[], waiting=[run(1)]).is_empty
