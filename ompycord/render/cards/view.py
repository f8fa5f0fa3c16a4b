"""Snapshot and render context to `CardView`; pure, with no clock."""

from collections.abc import Collection

from ompycord.domain.base import Millis
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunKind, RunState
from ompycord.render.cards.actions import CARD_ACTIONS, MOST_BUTTONS, CardAction, buttons_for
from ompycord.render.cards.blocks import card_fields, chain_fields, facts_of
from ompycord.render.cards.cardview import PLAN, TRANSIENT_ROOM, Button, CardView, Colour, Excerpt, FieldView, Part
from ompycord.render.cards.headlines import Headline, headline_of
from ompycord.render.cards.metering import network_words
from ompycord.render.cards.names import short_title
from ompycord.render.marker import footer_marker
from ompycord.render.phrases import and_list, clock
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["REHEARSAL", "footer_of", "view"]

REHEARSAL = "simulated agent"
"""What every message of a rehearsal shows, next to `DEMO`."""

_PROMPT = 400
_PROMPT_QUEUED = 1000


def view(
    snapshot: StatusSnapshot,
    render_context: RenderContext,
    *,
    redact: Redact,
    actions: Collection[CardAction] = CARD_ACTIONS,
) -> CardView:
    """The content of the card.

    `actions` are those that it may offer; the run's state and their own records decide the rest.
    """
    sanitizer = Sanitizer(redact)
    if render_context.live_url is not None:
        return _replaced(snapshot, render_context, sanitizer)
    headline = headline_of(snapshot, render_context, sanitizer)
    if snapshot.is_final and render_context.result_url is not None:
        return _finished(snapshot, render_context, headline, sanitizer)
    prompt = _PROMPT_QUEUED if snapshot.state is RunState.QUEUED else _PROMPT
    return CardView(
        run=snapshot.run,
        glyph=headline.glyph,
        word=headline.word,
        note=headline.note,
        title=short_title(snapshot, render_context, sanitizer),
        shows_title=render_context.shows_title,
        colour=headline.colour,
        author=_author(snapshot, render_context, sanitizer),
        sentence=headline.sentence,
        facts=facts_of(snapshot, sanitizer, pulse=headline.pulse),
        hint=_hint(snapshot, render_context),
        prompt=_prompt(snapshot, sanitizer, prompt),
        fields=tuple(
            field for field in _fields(snapshot, render_context, sanitizer) if not _repeats(field, headline, snapshot)
        ),
        footer=footer_of(snapshot, render_context, sanitizer, OutboxKind.CARD, render_context.card_number),
        transient_status=_transient_status(render_context, sanitizer),
        at=_shown_at(snapshot),
        buttons=_buttons(snapshot, render_context, headline, actions, sanitizer),
        needs_person=snapshot.needs_person,
    )


def _fields(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> tuple[FieldView, ...]:
    """What is known of the run; while it is queued also which checks it will have to pass."""
    fields = (*card_fields(snapshot, sanitizer), *chain_fields(render_context, sanitizer))
    if not snapshot.is_final:  # the facts count them, *Diff* shows them
        fields = tuple(field for field in fields if field.part is not Part.FILES)
    if snapshot.state is RunState.QUEUED and render_context.checks and not snapshot.checks:
        names = and_list([sanitizer.line(name, 60) for name in render_context.checks], most=10)
        fields = (FieldView(part=Part.CHECKS, name="Checks", lines=(names,), inline=True), *fields)
    return fields


def _shown_at(snapshot: StatusSnapshot) -> Millis:
    """The last event; of a run that has ended its end, so that cleaning up after it edits nothing."""
    return snapshot.ended_at if snapshot.is_final and snapshot.ended_at is not None else snapshot.last_event_at


def _prompt(snapshot: StatusSnapshot, sanitizer: Sanitizer, limit: int) -> Excerpt:
    """The prompt, where it says more than the title."""
    is_title = " ".join(snapshot.prompt.split()) == " ".join(snapshot.title.split())
    return Excerpt() if is_title else Excerpt.of(sanitizer.source(snapshot.prompt), limit)


def _hint(snapshot: StatusSnapshot, render_context: RenderContext) -> str:
    """What a message in the run's thread does; empty where it does nothing, and on a card that stands elsewhere."""
    if snapshot.is_final or not render_context.reads_messages or render_context.shows_title:
        return ""
    if snapshot.open_questions:
        return "Write here to answer."
    return "Write here to talk to the agent." if render_context.takes_messages else ""


def _repeats(field: FieldView, headline: Headline, snapshot: StatusSnapshot) -> bool:
    """Whether the agent's message already stands in the first line; without a result that line is ours alone."""
    return snapshot.outcome is None and field.prose is not None and field.prose.text in headline.sentence


def _author(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> str:
    """Which agent works on what, and that it is a demonstration where it is one: `omp on shop`."""
    agent = sanitizer.label(snapshot.agent or "", 60)
    repository = sanitizer.label(snapshot.repository or "", 60)
    parts = [
        f"DEMO · {REHEARSAL}" if render_context.is_rehearsal else "",
        " on ".join(part for part in (agent, repository) if part),
        "external run" if snapshot.kind is RunKind.EXTERNAL else "",
    ]
    return " · ".join(part for part in parts if part)


def footer_of(
    snapshot: StatusSnapshot,
    render_context: RenderContext,
    sanitizer: Sanitizer,
    kind: OutboxKind,
    number: int | str = "",
) -> str:
    """Marker, requester, confinement, network. The marker comes first: a probe reads it after a crash."""
    who = snapshot.origin.requester_name
    confinement = ""
    if snapshot.kind is RunKind.HOSTED and render_context.confinement is not None:
        confinement = "no sandbox" if render_context.confinement == "none" else f"sandbox: {render_context.confinement}"
    parts = (
        footer_marker(snapshot.run, kind, number),
        f"asked by {sanitizer.label(who, 60)}" if who and who.strip() else "",
        confinement,
        network_words(snapshot, render_context) if confinement else "",
        REHEARSAL if render_context.is_rehearsal and kind is not OutboxKind.CARD else "",
    )
    return " · ".join(part for part in parts if part)


def _transient_status(render_context: RenderContext, sanitizer: Sanitizer) -> str:
    """Problems on the way to the reader. Fits `TRANSIENT_ROOM` with its separator."""
    parts = [
        f"Discord slowed this card; updates resume at {clock(render_context.slowed_until)}"
        if render_context.slowed_until
        else "",
        "reconnecting to Discord" if render_context.gateway == "reconnecting" else "",
        f"{sanitizer.label(render_context.breaker, 40)} is paused after errors" if render_context.breaker else "",
    ]
    return sanitizer.label(" · ".join(part for part in parts if part), TRANSIENT_ROOM - len(" · "))


def _buttons(
    snapshot: StatusSnapshot,
    render_context: RenderContext,
    headline: Headline,
    actions: Collection[CardAction],
    sanitizer: Sanitizer,
) -> tuple[Button, ...]:
    """The possible actions, then the links, so that no button moves when a link comes; at most five of them all."""
    links: list[Button] = []
    if snapshot.needs_person and render_context.question_url:
        what = "plan" if snapshot.open_proposal is not None else "question"
        links.append(Button(label=f"Go to the {what}", style="link", url=render_context.question_url))
    proposed = sanitizer.link(snapshot.pull_request.url) if snapshot.pull_request else None
    if proposed:
        links.append(Button(label="Open PR", style="link", url=proposed))
    result = sanitizer.link(snapshot.url) if snapshot.kind is RunKind.EXTERNAL else None
    if snapshot.is_final and result and result != proposed:
        links.append(Button(label="Open result", style="link", url=result))
    most = MOST_BUTTONS - len(links)
    return (*buttons_for(headline.situation, snapshot, render_context, actions, most=most), *links)


def _finished(
    snapshot: StatusSnapshot, render_context: RenderContext, headline: Headline, sanitizer: Sanitizer
) -> CardView:
    """What stays of the card once the result is posted: how it ended, the plan, and the way there."""
    return CardView(
        run=snapshot.run,
        glyph=headline.glyph,
        word=headline.word,
        title=short_title(snapshot, render_context, sanitizer),
        shows_title=render_context.shows_title,
        colour=headline.colour,
        author=_author(snapshot, render_context, sanitizer),
        sentence="The result stands below, in a message of its own.",
        fields=tuple(field for field in card_fields(snapshot, sanitizer) if field.part in PLAN),
        footer=footer_of(snapshot, render_context, sanitizer, OutboxKind.CARD, render_context.card_number),
        at=_shown_at(snapshot),
        buttons=(Button(label="Go to the result", style="link", url=render_context.result_url),),
    )


def _replaced(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> CardView:
    """What stays of a card that rolled over to a new message: where the live one is."""
    return CardView(
        run=snapshot.run,
        glyph="↪",
        word="Continued below",
        title=short_title(snapshot, render_context, sanitizer),
        colour=Colour.GREY,
        author=_author(snapshot, render_context, sanitizer),
        sentence=f"This card is from earlier. The live one: {render_context.live_url}",
        footer=footer_of(snapshot, render_context, sanitizer, OutboxKind.CARD, render_context.card_number),
        at=snapshot.last_event_at,
        buttons=(Button(label="Go to the live card", style="link", url=render_context.live_url),),
    )
