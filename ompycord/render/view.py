"""Snapshot and surroundings to `CardView`; pure, with no clock."""

from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunKind, RunState
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.render.blocks import card_fields
from ompycord.render.buttons import MOST_BUTTONS, buttons_for
from ompycord.render.cardview import WEATHER_ROOM, Button, CardView, Colour, Excerpt, FieldView, Part
from ompycord.render.faces import Face, face_of
from ompycord.render.inert import Inert, Redact
from ompycord.render.marker import footer_marker
from ompycord.render.phrases import and_list, clock
from ompycord.render.surroundings import Surroundings

__all__ = ["REHEARSAL", "footer_of", "short_title", "view"]

REHEARSAL = "rehearsal: simulated agent"
"""What every message of a rehearsal says, next to `DEMO`."""

_TITLE = 100
_PROMPT = 400
_PROMPT_QUEUED = 1000
_NEEDS_CLONE = frozenset({"diff", "takeover", "resume", "runcheck"})


def view(snapshot: StatusSnapshot, around: Surroundings, *, actions: frozenset[str], redact: Redact) -> CardView:
    """What the card says. `actions` are those that exist: a button without a handler is not shown."""
    inert = Inert(redact)
    if around.live_url is not None:
        return _replaced(snapshot, around, inert)
    face = face_of(snapshot, around, inert)
    prompt = _PROMPT_QUEUED if snapshot.state is RunState.QUEUED else _PROMPT
    return CardView(
        run=snapshot.run,
        glyph=face.glyph,
        word=face.word,
        title=short_title(snapshot, inert),
        colour=face.colour,
        author=_author(snapshot, around, inert),
        sentence=face.sentence,
        prompt=Excerpt.of(inert.source(snapshot.prompt), prompt),
        fields=tuple(field for field in _fields(snapshot, around, inert) if not _repeats(field, face)),
        footer=footer_of(snapshot, around, inert, OutboxKind.CARD, around.card_number),
        weather=_weather(around, inert),
        at=snapshot.last_event_at,
        buttons=_buttons(snapshot, around, face, actions, inert),
        needs_person=snapshot.needs_person,
    )


def _fields(snapshot: StatusSnapshot, around: Surroundings, inert: Inert) -> tuple[FieldView, ...]:
    """What is known of the run; while it is queued also which checks it will have to pass."""
    fields = card_fields(snapshot, inert)
    if snapshot.state is RunState.QUEUED and around.checks and not snapshot.checks:
        names = and_list([inert.line(name, 60) for name in around.checks], most=10)
        fields = (FieldView(part=Part.CHECKS, name="Checks", lines=(names,), inline=True), *fields)
    return fields


def _repeats(field: FieldView, face: Face) -> bool:
    """Whether the agent's words stand in the first line already."""
    return field.prose is not None and field.prose.text in face.sentence


def short_title(snapshot: StatusSnapshot, inert: Inert) -> str:
    """The task in a few words: its title, else the beginning of the prompt."""
    return inert.label(snapshot.title, _TITLE) or inert.label(snapshot.prompt, _TITLE)


def _author(snapshot: StatusSnapshot, around: Surroundings, inert: Inert) -> str:
    """Where · who, and that nothing of it is real where it is not."""
    channel = inert.label(around.channel_name or "", 60)
    where = [inert.label(snapshot.repository or "", 60), f"#{channel}" if channel else ""]
    who = snapshot.origin.requester_name
    parts = [*where, inert.label(who, 60) if who else ("runs elsewhere" if snapshot.kind is RunKind.EXTERNAL else "")]
    demo = [f"DEMO · {REHEARSAL}"] if around.is_rehearsal else []
    return " · ".join(part for part in (*demo, *parts) if part)


def footer_of(
    snapshot: StatusSnapshot, around: Surroundings, inert: Inert, kind: OutboxKind, number: int | str = ""
) -> str:
    """Marker, asker, confinement. The marker comes first: it is what a probe reads after a crash."""
    who = snapshot.origin.requester_name
    confinement = ""
    if snapshot.kind is RunKind.HOSTED and around.confinement is not None:
        confinement = "unconfined" if around.confinement == "none" else f"confined: {around.confinement}"
    parts = (
        footer_marker(snapshot.run, kind, number),
        f"asked by {inert.label(who, 60)}" if who and who.strip() else "",
        confinement,
        REHEARSAL if around.is_rehearsal else "",
    )
    return " · ".join(part for part in parts if part)


def _weather(around: Surroundings, inert: Inert) -> str:
    """Trouble on the way to the reader. Fits `WEATHER_ROOM` with its separator."""
    parts = [
        f"Discord slowed this card; true again at {clock(around.slowed_until)}" if around.slowed_until else "",
        "reconnecting to Discord" if around.gateway == "reconnecting" else "",
        f"{inert.label(around.breaker, 40)} is left alone after errors" if around.breaker else "",
    ]
    return inert.label(" · ".join(part for part in parts if part), WEATHER_ROOM - len(" · "))


def _buttons(
    snapshot: StatusSnapshot, around: Surroundings, face: Face, actions: frozenset[str], inert: Inert
) -> tuple[Button, ...]:
    """Links first, then what may be done; at most five."""
    links: list[Button] = []
    if snapshot.needs_person and around.question_url:
        links.append(Button(label="Go to the question", style="link", url=around.question_url))
    result = inert.link(snapshot.url)
    if snapshot.is_final and result:
        links.append(Button(label="Open result", style="link", url=result))
    offered = actions - _NEEDS_CLONE if around.is_expired else actions
    return (*links, *buttons_for(snapshot.run, face.actions, offered))[:MOST_BUTTONS]


def _replaced(snapshot: StatusSnapshot, around: Surroundings, inert: Inert) -> CardView:
    """What stays of a card that rolled over to a fresh message: where the live one is."""
    return CardView(
        run=snapshot.run,
        glyph="↪",
        word="Goes on below",
        title=short_title(snapshot, inert),
        colour=Colour.GREY,
        author=_author(snapshot, around, inert),
        sentence=f"This card is from earlier. The live one: {around.live_url}",
        footer=footer_of(snapshot, around, inert, OutboxKind.CARD, around.card_number),
        at=snapshot.last_event_at,
        buttons=(Button(label="Go to the live card", style="link", url=around.live_url),),
    )
