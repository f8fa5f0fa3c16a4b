"""A chart as a picture, read back by its pixels: bars in proportion, nothing past an edge, the same bytes each time."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from PIL import Image, ImageDraw, ImageFont
from structlog.testing import capture_logs

from ompycord.bot.chart_images import image_of
from ompycord.domain.budgets.charts import Chart, CostShare, LimitBar, TimeBar
from ompycord.render.charts import drawing
from ompycord.render.charts.drawing import BAR, BARS, FULL, GROUND, HEIGHT, RESERVED, TRACK, WARM, WIDTH, chart_png

MONDAY = date(2027, 3, 22)
EDGE = 28


def bars(*amounts: float) -> tuple[TimeBar, ...]:
    days = [MONDAY + timedelta(days=number) for number in range(len(amounts))]
    return tuple(TimeBar(first=day, last=day, usd=usd) for day, usd in zip(days, amounts, strict=True))


def drawn(chart: Chart) -> Image.Image:
    with Image.open(BytesIO(chart_png(chart))) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return image.copy()


def shape(font: ImageFont.FreeTypeFont, letter: str) -> bytes:
    image = Image.new("L", (40, 40))
    ImageDraw.Draw(image).text((5, 5), letter, fill=255, font=font)
    return image.tobytes()


def column(image: Image.Image, x: int, colour: tuple[int, int, int]) -> int:
    """How many pixels of a column in the area of the bars have this colour."""
    return sum(image.getpixel((x, y)) == colour for y in range(BARS.top, BARS.bottom))


def rows(image: Image.Image, y: int, colour: tuple[int, int, int]) -> int:
    return sum(image.getpixel((x, y)) == colour for x in range(image.width))


def heights(image: Image.Image, number: int, right: int) -> list[int]:
    slot = min((right - BARS.left) / number, 96)
    return [column(image, BARS.left + round(slot * (place + 0.5)), BAR) for place in range(number)]


def test_bars_are_as_high_as_what_they_cost_and_the_least_is_seen() -> None:
    full = BARS.bottom - BARS.top
    image = drawn(Chart(title="Week", bars=bars(1, 2, 0, 4, 0.001), shares=(CostShare(name="shop", usd=7),)))
    assert image.size == (WIDTH, HEIGHT)
    assert heights(image, 5, BARS.right) == [round(full / 4), round(full / 2), 0, full, 2]


@pytest.mark.parametrize("number", [1, 8, 9, 31])
def test_every_number_of_bars_fits_its_area(number: int) -> None:
    image = drawn(Chart(title="x", bars=bars(*[1e12] * number)))
    full = BARS.bottom - BARS.top
    assert heights(image, number, WIDTH - EDGE) == [full] * number


def test_limits_are_as_long_as_what_is_spent_and_reserved_and_a_full_one_has_another_colour() -> None:
    limits = (
        LimitBar(name="a", amounts="x", spent=0.25, reserved=0.5),
        LimitBar(name="b", amounts="x", spent=0.8, reserved=0.2),
        LimitBar(name="c", amounts="x", spent=1),
        LimitBar(name="d", amounts="x", spent=0),
    )
    image, whole, top = drawn(Chart(title="x", figures=("y",), limits=limits)), WIDTH - 2 * EDGE, 60 + 27 + 13 + 36
    assert image.height == top + 4 * 50
    seen = [
        tuple(rows(image, top + 50 * place + 27 + 6, colour) for colour in (BAR, WARM, FULL, RESERVED, TRACK))
        for place in range(4)
    ]
    assert seen == [
        (whole // 4, 0, 0, whole // 2, whole // 4), (0, round(whole * 0.8), 0, round(whole * 0.2), 0),
        (0, 0, whole, 0, 0), (0, 0, 0, 0, whole),
    ]  # fmt: skip


def test_nothing_of_the_largest_chart_leaves_its_edges() -> None:
    long = "W" * 500
    chart = Chart(
        title=long, figures=(long,) * 3, bars=bars(*[1e15] * 31), shares=(CostShare(name=long, usd=1e15),) * 6,
        shares_by=long, limits=(LimitBar(name=long, amounts=long, spent=1),) * 8,
    )  # fmt: skip
    image = drawn(chart)
    assert image.size == (WIDTH, 766)
    inside = (EDGE, 14, WIDTH - EDGE, 756)
    for box in ((0, 0, EDGE, 766), (inside[2], 0, WIDTH, 766), (0, 0, WIDTH, inside[1]), (0, inside[3], WIDTH, 766)):
        assert image.crop(box).getcolors() == [((box[2] - box[0]) * (box[3] - box[1]), GROUND)]
    gap = image.crop((BARS.right + 1, BARS.top - 30, BARS.right + 20, HEIGHT))
    assert gap.getcolors() == [(gap.width * gap.height, GROUND)]


def test_the_same_chart_is_the_same_bytes_and_another_is_not() -> None:
    one = Chart(title="Ärger · 5 €", bars=bars(1, 2))
    assert chart_png(one) == chart_png(Chart.model_validate_json(one.model_dump_json()))
    assert chart_png(one) != chart_png(one.model_copy(update={"bars": bars(2, 1)}))


def test_the_font_has_all_that_is_drawn_with_it_and_other_names_are_shown_by_their_place() -> None:
    font = ImageFont.truetype(drawing.FONT, 20, layout_engine=ImageFont.Layout.BASIC)
    missing = shape(font, "\uffff")
    assert [letter for letter in drawing.GLYPHS if shape(font, letter) == missing] == []
    assert (drawing.drawable("shop–é", 1), drawing.drawable("магазин", 2)) == ("shop–é", "No. 2")
    unknown = chart_png(Chart(title="商 x", bars=bars(1)))
    assert unknown == chart_png(Chart(title="? x", bars=bars(1)))


async def test_an_image_has_the_words_of_its_chart_and_what_cannot_be_drawn_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chart = Chart(title="Week", bars=bars(1))
    made = await image_of(chart, "week.png")
    assert made == ("week.png", chart_png(chart), "Week. 22 Mar $1.00")
    assert await image_of(None, "week.png") is None
    assert await image_of(Chart(title="x"), "week.png") is None
    monkeypatch.setattr(drawing, "FONT", drawing.FONT.with_name("no-such-font"))
    with capture_logs() as lines:
        assert await image_of(chart, "week.png") is None
    assert [(line["event"], line["cause"]) for line in lines] == [("chart.not_drawn", "OSError: cannot open resource")]
