"""What a bucket's headers tell, and what is made of it: even slots, none too early, whatever the window is."""

import pytest

from ompycord.bot.delivery.rate_limiter import BucketLimiter, RateAnswer, answer_of
from ompycord.playground.rules.limits import RateRule, RateRules
from ompycord.playground.rules.ratelimit import RateLimiter

CHANNEL = "100000000000000001"
EDIT = f"/api/v10/channels/{CHANNEL}/messages/100000000000000002"


def headers(**named: str) -> dict[str, str]:
    return {f"X-RateLimit-{name.replace('_', '-')}": value for name, value in named.items()}


def test_an_answer_is_read_from_its_headers() -> None:
    told = headers(Bucket="b", Remaining="3", Reset_After="2.5") | {"Retry-After": "7"}
    assert answer_of("PATCH", EDIT, 200, told, took_s=0.1) == RateAnswer(
        "PATCH", EDIT, 200, "b", 3, 2.5, retry_after_s=7.0, took_s=0.1
    )


@pytest.mark.parametrize("nonsense", ["", "soon", "-1", "nan"])
def test_a_header_that_is_no_time_counts_as_none(nonsense: str) -> None:
    answer = answer_of("PATCH", EDIT, 429, {"Retry-After": nonsense, **headers(Remaining=nonsense)}, took_s=0.1)
    assert (answer.retry_after_s or 0.0, answer.remaining) == (0.0, 0)


@pytest.mark.parametrize("told", [headers(Global="true"), headers(Scope="global")])
def test_a_refusal_for_all_channels_is_told_by_either_header(told: dict[str, str]) -> None:
    assert answer_of("GET", "/users/@me", 429, told, took_s=0.0).is_global


@pytest.mark.parametrize(
    ("method", "path", "is_message"),
    [
        ("PATCH", EDIT, True),
        ("POST", f"/api/v10/channels/{CHANNEL}/messages", True),
        ("DELETE", EDIT, False),
        ("GET", f"/api/v10/channels/{CHANNEL}/messages", False),
        ("POST", f"{EDIT}/threads", False),
        ("PATCH", f"/api/v10/channels/{CHANNEL}", False),
    ],
)
def test_only_posts_and_edits_of_messages_count_for_a_lane(method: str, path: str, is_message: bool) -> None:
    assert RateAnswer(method, path, 200).is_message is is_message


def test_what_is_left_of_a_window_is_spread_evenly() -> None:
    bucket_limiter = BucketLimiter()
    at = 0.0
    for remaining in (4, 3, 2, 1, 0):
        assert bucket_limiter.next_at <= at
        bucket_limiter.begin(at)
        bucket_limiter.on_answer(RateAnswer("PATCH", EDIT, 200, "b", remaining, 5.0 - at, took_s=0.0), at)
        at += 1.0
        assert bucket_limiter.next_at == pytest.approx(at)


def test_what_was_not_used_at_a_windows_beginning_may_be_used_at_its_end() -> None:
    bucket_limiter = BucketLimiter()
    bucket_limiter.begin(0.0)
    bucket_limiter.on_answer(RateAnswer("PATCH", EDIT, 200, "b", 4, 5.0, took_s=0.0), 0.0)
    bucket_limiter.begin(3.0)
    bucket_limiter.on_answer(RateAnswer("PATCH", EDIT, 200, "b", 3, 2.0, took_s=0.0), 3.0)
    assert bucket_limiter.next_at == pytest.approx(3.5)


def test_what_is_urgent_takes_what_is_left_of_a_window_at_once_and_then_waits_for_the_next() -> None:
    bucket_limiter = BucketLimiter()
    for at, remaining in ((0.0, 2), (0.1, 1), (0.2, 0)):
        assert bucket_limiter.urgent_at <= at
        bucket_limiter.begin(at)
        bucket_limiter.on_answer(RateAnswer("POST", EDIT, 200, "b", remaining, 5.0 - at, took_s=0.0), at)
        assert bucket_limiter.next_at > at + 1
    assert bucket_limiter.urgent_at == pytest.approx(5.0)


RULES = [(5, 5.0), (1, 2.0), (3, 6.0), (10, 1.0), (2, 600.0)]


@pytest.mark.parametrize(("limit", "window_s"), RULES)
@pytest.mark.parametrize("skew", [0.0, 0.5, 1.0])
def test_slots_learned_from_headers_are_never_refused_and_lose_little(limit: int, window_s: float, skew: float) -> None:
    """`skew` of a request's time passes on its way there: the clock of the bucket is Discord's, not ours."""
    rule = RateRule(name="r", limit=limit, window_s=window_s, source="")
    limiter, bucket_limiter, at, took = RateLimiter(RateRules()), BucketLimiter(), 0.0, 0.08
    requests = 20 * limit
    for _ in range(requests):
        bucket_limiter.begin(at)
        verdict = limiter.take(rule, CHANNEL, at + took * skew, is_exempt_from_global=True)
        assert verdict.is_allowed
        bucket_limiter.on_answer(answer_of("PATCH", EDIT, 200, verdict.headers, took_s=took), at + took)
        at = max(bucket_limiter.next_at, at + took)
    assert at <= 20 * (window_s + 2 * took) + limit * took
