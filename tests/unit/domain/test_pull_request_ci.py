"""The one mark of a pull request's own CI: which run of a check counts, when it is green, what is never repaired."""

import pytest

from ompycord.domain.events import CiState
from ompycord.domain.pull_requests.ci import SETTLE_MS, CiVerdict, ci_of, newest, repairable
from ompycord.domain.pull_requests.seen import SeenCheck, SeenChecks

NOW = 10_000_000
OLD = NOW - SETTLE_MS


def check(name: str, verdict: str, *, started: int = 1, workflow: str = "1", app: str = "github-actions") -> SeenCheck:
    return SeenCheck(
        name=name,
        app=app,
        workflow=workflow,
        is_done=bool(verdict),
        verdict=verdict,
        started_at=started,
        url="https://x.y/z",
    )


def judged(*checks: SeenCheck, required: tuple[str, ...] = (), same_since: int | None = OLD) -> CiVerdict:
    return ci_of(SeenChecks(checks=checks, required=frozenset(required)), same_since=same_since, now=NOW)


def test_of_one_check_the_run_that_started_last_counts() -> None:
    older, newer = check("test", "failure", started=1), check("test", "success", started=2)
    assert judged(newer, older).state == judged(older, newer).state == "green"
    assert newest((newer, older)) == (newer,)


def test_checks_of_one_name_in_two_workflows_or_apps_are_two() -> None:
    assert judged(check("test", "failure"), check("test", "success", workflow="2", started=5)).state == "red"
    assert judged(check("test", "failure"), check("test", "success", app="other", started=5)).state == "red"


def test_it_is_not_green_before_the_set_has_settled_and_all_required_have_reported() -> None:
    done = [check(f"c{number}", "success") for number in range(3)]
    assert judged(*done, same_since=None).state == "running"
    assert judged(*done, same_since=NOW - SETTLE_MS + 1).state == "running"
    assert judged(*done, required=("late",)).state == "running"
    assert judged(*done, check("late", ""), required=("late",)).state == "running"
    assert judged(*done, check("late", "success"), required=("late",)).state == "green"


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        ("success", "green"),
        ("neutral", "green"),
        ("skipped", "green"),
        ("failure", "red"),
        ("timed_out", "red"),
        ("cancelled", "stopped"),
        ("stale", "stopped"),
        ("startup_failure", "stopped"),
        ("error", "stopped"),
        ("action_required", "blocked"),
        ("a_word_of_tomorrow", "unknown"),
        ("", "running"),
    ],
)
def test_each_conclusion_has_one_meaning_and_an_unknown_one_is_never_green(verdict: str, state: CiState) -> None:
    assert judged(check("other", "success"), check("test", verdict)).state == state


def test_a_person_who_must_approve_is_named_with_the_link_and_nothing_is_repaired() -> None:
    verdict = judged(check("deploy", "action_required"))
    assert [one.url for one in verdict.named] == ["https://x.y/z"]
    assert repairable(verdict, ()) == ()


def test_what_is_red_on_the_base_too_or_no_verdict_on_the_code_is_not_repaired() -> None:
    red = judged(check("old", "failure"), check("new", "failure"), check("slow", "timed_out"))
    assert [one.name for one in repairable(red, [check("old", "failure")])] == ["new"]
    healed = [check("new", "failure", started=1), check("new", "success", started=2)]
    assert [one.name for one in repairable(red, healed)] == ["new", "old"]
    assert repairable(judged(check("ci", "startup_failure")), ()) == ()


def test_our_own_statuses_are_no_ci() -> None:
    own = [SeenCheck(name=name, is_done=True, verdict="failure") for name in ("ompycord", "ompycord/review")]
    assert judged(*own).state == "none"
    assert judged(*own, check("test", "success")).total == 1


def test_a_token_that_may_not_look_gives_no_mark() -> None:
    assert ci_of(SeenChecks(is_seen=False), same_since=OLD, now=NOW).state == "unseen"
