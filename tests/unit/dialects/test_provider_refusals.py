"""What a provider refuses is one fact, however an agent tells it, and no answer of a model is taken for one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.dialects.provider_refusals import Mender, ProviderRefusal, Report, read_answer, read_refusal
from ompycord.domain.run import EndedBy, FailureClass

NOON_MS = 1_795_262_400_000
"""2026-11-21 12:00 UTC"""
HOUR_MS = 3_600_000

ANSWERS = [
    ("Credit balance is too low", "money"),
    ("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade.", "money"),
    ("Claude AI usage limit reached|1795266000", "time"),
    ("Claude usage limit reached. Your limit will reset at 5pm (Europe/Warsaw).", "time"),
    ("You've hit your limit · resets 1:30am (Asia/Dhaka)", "time"),
    ("You’ve hit your limit for Claude messages. Limits will reset at 9:30 AM.", "time"),
    ("5-hour limit reached ∙ resets 3pm\n/upgrade to increase your usage limit.", "time"),
    ("You've hit your usage limit. Upgrade to Pro (https://openai.com/pricing) or try again in 3 hours.", "time"),
    ("Invalid API key · Please run /login", "person"),
    ("OAuth token revoked · Please run /login", "person"),
    ('API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "time"),
    ('API Error: 401 {"type":"error","error":{"type":"authentication_error"}}', "person"),
    ("API Error: 400 due to tool use concurrency issues. Run /rewind to recover the conversation.", "person"),
    ("This organization has been disabled.", "person"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "mender"), ANSWERS, ids=[words[:30] for words, _ in ANSWERS])
def test_an_answer_that_is_the_providers_is_known_by_the_whole_of_it(words: str, mender: str) -> None:
    refusal = read_answer(words, now_ms=NOON_MS)
    assert refusal is not None
    assert refusal.mender == mender


@pytest.mark.parametrize(
    "words",
    [
        "Done.",
        "I made the error say: Credit balance is too low",
        "Credit balance is too low: the check in account.py now says so, and three tests cover it.",
        "You've hit your limit of nested loops, so I rewrote them.",
        "I now answer 401 Unauthorized where the key is wrong, and 429 with a reset time where the limit is reached.",
        "The rate limit reached its bound; I raised it.",
        "Claude usage limit reached is now a message of its own in messages.py.",
        "API Error handling is in place.",
        "Invalid API key errors are told apart from expired ones now.",
        "",
        "x" * 10_000,
    ],
)
def test_an_answer_that_mentions_a_refusal_is_the_models_own(words: str) -> None:
    assert read_answer(words, now_ms=NOON_MS) is None


ERRORS = [
    ("Internal error. 503 Service Unavailable", None, "time"),
    ("Error: 401 Unauthorized", None, "person"),
    ("unexpected status 429 Too Many Requests", None, "time"),
    ("exceeded retry limit, last status: 429 Too Many Requests", None, "time"),
    ("API Error: Repeated 529 Overloaded errors", None, "time"),
    ("The model is overloaded. Please try again later.", None, "time"),
    ("You exceeded your current quota, please check your plan and billing details.", 429, "money"),
    ("Insufficient credits. Add more using https://openrouter.ai/credits", 402, "money"),
    ("Quota exceeded for quota metric 'Generate Content API requests per minute'", 429, "time"),
    ("API key not valid. Please pass a valid API key.", 400, "person"),
    ("Authentication required", None, "person"),
    ('{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached"}}', None, "time"),
    ("something", 403, "person"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "status", "mender"), ERRORS, ids=[words[:30] for words, _, _ in ERRORS])
def test_an_error_is_classified_by_its_words_then_by_its_status(words: str, status: int | None, mender: str) -> None:
    refusal = read_refusal(words, now_ms=NOON_MS, status=status)
    assert refusal is not None
    assert refusal.mender == mender


@pytest.mark.parametrize(
    "words", ["no such session", "Method not found", "ENOENT: no such file", "Error: 404", "code: -32603"]
)
def test_an_error_of_another_kind_is_none(words: str) -> None:
    assert read_refusal(words, now_ms=NOON_MS) is None


@pytest.mark.parametrize(
    "words",
    [
        "cp: error writing 'x': Disk quota exceeded",
        "make: *** [all] Error 2",
        "service unavailable in this region of the tests",
        "fatal: Authentication failed for 'https://example.org/x.git'",
        "throttled the timer",
        "FAILED tests/test_status.py::test_404 - assert 200 == 404",
    ],
)
def test_on_plain_output_only_what_nothing_else_says_counts(words: str) -> None:
    assert read_refusal(words, now_ms=NOON_MS, report="output") is None


UNTIL = [
    ("Claude AI usage limit reached|1795266000", 1_795_266_000_000),
    ('{"type":"usage_limit_reached","resets_at":1795266000,"resets_in_seconds":3600}', 1_795_266_000_000),
    ('{"error":{"type":"usage_limit_reached","resets_in_seconds":3600}}', NOON_MS + HOUR_MS),
    ("usage limit reached, try again in 5 days 22 hours 11 minutes.", NOON_MS + 142 * HOUR_MS + 11 * 60_000),
    ("RESOURCE_EXHAUSTED: please retry in 34.07s.", NOON_MS + 34_070),
    ('RESOURCE_EXHAUSTED "retryDelay": "34s"', NOON_MS + 34_000),
    ("429 Too Many Requests, retry-after: 90", NOON_MS + 90_000),
    ("usage limit reached: quota will reset after 18h12m9s.", NOON_MS + 18 * HOUR_MS + 12 * 60_000 + 9_000),
    ("You've hit your limit · resets 5:30pm (Asia/Dhaka)", NOON_MS + 23 * HOUR_MS + 30 * 60_000),
    ("You've hit your limit · resets 6:30pm (Asia/Dhaka)", NOON_MS + 30 * 60_000),
    ("You've hit your limit · resets Nov 23 at 4pm (UTC)", NOON_MS + 52 * HOUR_MS),
    ("You've hit your limit · resets Jan 2 at 12am (UTC)", 1_798_848_000_000),
    ("You've hit your limit · resets 3pm", None),
    ("You've hit your limit · resets Feb 31 at 4pm (UTC)", None),
    ("You've hit your limit · resets 3pm (Middle/Earth)", None),
    ("Claude AI usage limit reached|1095266000", None),
    ("usage limit reached, try again in 9999 days", None),
    ("usage limit reached", None),
]  # fmt: skip


@pytest.mark.parametrize(("words", "until"), UNTIL, ids=[words[-30:] for words, _ in UNTIL])
def test_when_requests_are_taken_again_is_read_where_it_is_certain(words: str, until: int | None) -> None:
    refusal = read_refusal(words, now_ms=NOON_MS)
    assert refusal is not None
    assert refusal.until == until


def test_what_time_or_money_mends_is_a_passing_failure_and_a_key_is_not() -> None:
    menders: tuple[Mender, ...] = ("time", "money", "person")
    ends = {mender: ProviderRefusal(mender, 7).outcome("no") for mender in menders}
    assert {mender: end.failure for mender, end in ends.items()} == {
        "time": FailureClass.TRANSIENT,
        "money": FailureClass.TRANSIENT,
        "person": FailureClass.ENV,
    }
    assert {(end.claim, end.message, end.ended_by) for end in ends.values()} == {(False, "no", EndedBy.PROVIDER)}


@given(st.text() | st.text(alphabet="you've hit limt resy0123456789 |:()apm·", max_size=5000), st.integers(0, 999))
def test_no_words_break_it(words: str, status: int) -> None:
    read_answer(words, now_ms=NOON_MS)
    reports: tuple[Report, ...] = ("error", "output")
    for report in reports:
        refusal = read_refusal(words, now_ms=NOON_MS, status=status, report=report)
        assert refusal is None or refusal.until is None or refusal.until > NOON_MS


@pytest.mark.parametrize(
    "piece", ["you've hit your ", "resets in 1 d ", "limit reached ", "API Error: ", "1 ms, ", "a "]
)
def test_hostile_words_are_read_in_a_moment(piece: str) -> None:
    words = piece * (1_000_000 // len(piece))
    began = time.process_time()
    read_refusal(words, now_ms=NOON_MS)
    read_answer(words[:600], now_ms=NOON_MS)
    assert time.process_time() - began < 2.0
