"""What an answer used is read exactly, in every dialect and shape, wherever its bytes were cut."""

import hashlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.metering.meter import Meter
from ompycord.model_gateway.metering.server_events import ServerEvents
from ompycord.model_gateway.metering.usage import TokenUsage
from ompycord.model_gateway.price import TokenPrices
from tests.support.model_answers import Shape, Truth, answer

SHAPES: tuple[Shape, ...] = get_args(Shape)
WORDS = ("One ", "two ", "ünd drei ", "🙂", "\r\n")
PRICES = TokenPrices(
    input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3"), cache_write=Decimal("3.75"),
    cache_write_1h=Decimal(6),
)  # fmt: skip
COUNT = st.integers(0, 2_000_000)


def metered(dialect: Dialect, parts: list[bytes], *, is_stream: bool = True) -> Meter:
    meter = Meter(dialect, is_stream=is_stream)
    for part in parts:
        meter.feed(part)
    meter.finish()
    return meter


@st.composite
def truths(draw: st.DrawFn, dialect: Dialect) -> Truth:
    is_anthropic, is_gemini = dialect is Dialect.ANTHROPIC, dialect is Dialect.GEMINI
    output = draw(COUNT)
    return Truth(
        input=draw(COUNT),
        cache_read=draw(COUNT),
        write_5m=0 if is_gemini else draw(COUNT),
        write_1h=draw(COUNT) if dialect in {Dialect.ANTHROPIC, Dialect.RESPONSES} else 0,
        output=output,
        reasoning=draw(st.integers(0, output)),
        compaction=draw(st.tuples(COUNT, COUNT)) if is_anthropic else (0, 0),
        tool_input=draw(COUNT) if is_gemini else 0,
    )


def billed(truth: Truth) -> TokenUsage:
    return TokenUsage(
        input=truth.input + truth.compaction[0] + truth.tool_input, cache_read=truth.cache_read,
        cache_write_5m=truth.write_5m, cache_write_1h=truth.write_1h, output=truth.output + truth.compaction[1],
        reasoning=truth.reasoning,
    )  # fmt: skip


def billed_usd(truth: Truth) -> Decimal:
    """The bill, by another way than the product's."""
    one = billed(truth)
    classes = ((one.input, "3"), (one.cache_read, "0.3"), (one.cache_write_5m, "3.75"), (one.cache_write_1h, "6"))
    return sum((Decimal(number) * Decimal(usd) for number, usd in (*classes, (one.output, "15"))), Decimal(0)) / 10**6


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dialect", Dialect)
@given(data=st.data())
def test_usage_and_cost_are_the_providers_in_every_dialect_and_shape(
    dialect: Dialect, shape: Shape, data: st.DataObject
) -> None:
    truth = data.draw(truths(dialect))
    meter = metered(dialect, answer(dialect, truth, WORDS, shape), is_stream=shape != "whole")
    assert meter.usage == billed(truth)
    assert abs(PRICES.cost(meter.usage) - billed_usd(truth)) <= Decimal("1e-9")
    assert (meter.is_exact, meter.is_final, meter.model) == (True, True, "m-1-dated")


def cuts(whole: bytes, points: list[int]) -> Iterator[bytes]:
    at = 0
    for point in sorted(points):
        yield whole[at:point]
        at = point
    yield whole[at:]


DISGUISES: dict[str, Callable[[bytes], bytes]] = {
    "as sent": lambda raw: raw,
    "CRLF": lambda raw: raw.replace(b"\n", b"\r\n"),
    "CR": lambda raw: raw.replace(b"\n", b"\r"),
    "a byte-order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "comments": lambda raw: raw.replace(b"data: ", b": a comment\n:\ndata: "),
    "no space": lambda raw: raw.replace(b"data: ", b"data:"),
    "lines of data": lambda raw: raw.replace(b", ", b",\ndata: "),
}  # fmt: skip


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("dialect", Dialect)
def test_a_stream_cut_at_every_byte_has_the_same_usage(dialect: Dialect, disguise: str) -> None:
    truth = Truth(input=1200, cache_read=200, output=45, reasoning=7)
    whole = DISGUISES[disguise](b"".join(answer(dialect, truth, ("plain words ", "and more"))))
    expected = metered(dialect, [whole])
    assert expected.usage == billed(truth)
    for point in range(1, len(whole)):
        meter = metered(dialect, [whole[:point], whole[point:]])
        assert (meter.usage, meter.pieces, meter.is_exact) == (expected.usage, expected.pieces, True), point
    single = metered(dialect, [whole[at : at + 1] for at in range(len(whole))])
    assert (single.usage, single.pieces, single.is_exact) == (expected.usage, expected.pieces, True)


@given(data=st.data())
def test_any_cutting_gives_the_same_events_and_every_byte_is_accounted_for(data: st.DataObject) -> None:
    dialect = data.draw(st.sampled_from(list(Dialect)))
    end = data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    lines = b"".join(answer(dialect, data.draw(truths(dialect)), WORDS)).replace(b", ", b",\ndata: ")
    whole = lines.replace(b"\n", end)
    points = data.draw(st.lists(st.integers(0, len(whole)), max_size=40))
    parts = list(cuts(whole, points))
    assert hashlib.sha256(b"".join(parts)).digest() == hashlib.sha256(whole).digest()
    once, often = ServerEvents(), ServerEvents()
    events = [one for part in parts for one in often.feed(part)]
    assert events == list(once.feed(whole))
    assert [one.data for one in events] == [one.data for one in ServerEvents().feed(lines)]


def test_a_line_feed_is_no_line_of_its_own_where_its_carriage_return_came_before() -> None:
    events = ServerEvents()
    parts = (b"event: a\r", b"\ndata: 1\r", b"\ndata: 2\r\n\r", b"\n", b"data: 3\r\r")
    found = [(one.name, one.data) for part in parts for one in events.feed(part)]
    assert found == [("a", b"1\n2"), ("", b"3")]


def test_a_long_event_in_small_parts_is_read() -> None:
    truth = Truth(output=3)
    whole = b"".join(answer(Dialect.ANTHROPIC, truth, ("x" * 1_048_576,)))
    meter = metered(Dialect.ANTHROPIC, [whole[at : at + 64] for at in range(0, len(whole), 64)])
    assert (meter.usage.output, meter.pieces > 80_000, meter.is_exact) == (3, True, True)


@pytest.mark.parametrize("dialect", Dialect)
def test_a_stream_that_is_cut_is_never_called_exact(dialect: Dialect) -> None:
    for shape in ("stream", "odd", "nulls"):
        whole = answer(dialect, Truth(output=45), ("some ", "words ", "here"), shape)
        for cut in range(3):
            meter = metered(dialect, whole[: cut + 1])
            assert not meter.is_exact, (shape, cut)
    assert metered(dialect, whole[:3]).pieces > 0


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_stated_of_a_cut_stream_counts(dialect: Dialect) -> None:
    """Anthropic's and Gemini's input is known from the first event; the other two state nothing before the end."""
    meter = metered(dialect, answer(dialect, Truth(input=500), ("a", "b", "c"))[:2])
    assert meter.has_input is (dialect in {Dialect.ANTHROPIC, Dialect.GEMINI})


@pytest.mark.parametrize("raw", [b"", b"data: {\n\n", b"data: []\n\n", b"data: 1\n\n", b"\x00\xff\n\n", b"data\n\n"])
@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_no_event_is_passed_over(dialect: Dialect, raw: bytes) -> None:
    for is_stream in (True, False):
        meter = metered(dialect, [raw], is_stream=is_stream)
        assert (meter.usage, meter.is_exact) == (TokenUsage(), False)
