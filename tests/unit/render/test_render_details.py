"""A part of `/omp show` as an embed: the lines of the text, Discord's own times, nothing cut."""

import pytest
from syrupy.assertion import SnapshotAssertion

from ompycord.render.cards.details import details_message
from ompycord.render.cards.textform import ShowPart, text_form
from ompycord.render.message import RenderedMessage
from tests.support.payloads import as_seen, assert_within_limits, plain_sign
from tests.support.states import SCENES, Scene

PARTS: tuple[ShowPart, ...] = ("story", "plan", "checks", "cost", "people")


def details(scene: Scene, part: ShowPart) -> RenderedMessage | None:
    return details_message(*scene, sign=plain_sign, redact=str, part=part)


@pytest.mark.parametrize("name", ["checking", "queued", "needs you: question", "failed checks", "external, done"])
def test_every_part_of_show_is_an_embed_in_discords_own_times(name: str, snapshot: SnapshotAssertion) -> None:
    for part in PARTS:
        shown = details(SCENES[name], part)
        assert shown is not None
        assert as_seen(shown) == snapshot(name=part)
        assert "UTC" not in as_seen(shown)


@pytest.mark.parametrize("name", sorted(SCENES))
def test_an_embed_of_show_has_all_lines_of_the_text(name: str) -> None:
    """As one embed, or not at all: then the text is a file."""
    for part in PARTS:
        shown = details(SCENES[name], part)
        if shown is None:
            continue
        (embed,) = shown.embeds
        names = [field["name"] for field in embed["fields"]]
        text = text_form(*SCENES[name], redact=str, part=part).splitlines()
        below = [after.startswith("  ") for after in text[1:]] + [False]
        assert names == [line for line, has in zip(text, below, strict=True) if has and not line.startswith("  ")]


@pytest.mark.parametrize(
    ("prompt", "fits"), [("x" * 1024, True), ("x" * 1025, False), ("😀" * 512, True), ("😀" * 513, False)]
)
def test_what_one_embed_does_not_take_is_no_embed(prompt: str, fits: bool) -> None:
    scene = SCENES["checking"]
    longer = Scene(scene.snapshot.model_copy(update={"prompt": prompt}), scene.render_context)
    assert (details(longer, "story") is not None) is fits


def test_whatever_is_shown_of_any_run_is_within_discords_limits() -> None:
    for scene in SCENES.values():
        for part in PARTS:
            shown = details(scene, part)
            if shown is not None:
                assert_within_limits(shown)
