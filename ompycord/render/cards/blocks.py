"""The fields of a card: plan, tools, checks, files, cost, message, links; each sanitized and shortened here.

Counterpart of `truncation.py`, which drops whole lines of them and never reads inside one.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from ompycord.domain.events import ChangedFile, Phase, Step
from ompycord.domain.folds.snapshot import Gap, StatusSnapshot, ToolCall
from ompycord.domain.run import RunState
from ompycord.render.cards.cardview import Excerpt, FieldView, Part, phase_count
from ompycord.render.cards.verdicts import agent_name, check_line, failing_tests
from ompycord.render.phrases import cost, count, duration, money, tokens
from ompycord.render.sanitizer import Sanitizer
from ompycord.text.graphemes import utf16_len
from ompycord.text.limits import CARD_LINKS, EMBED_FIELD_VALUE

__all__ = ["ASK", "PHASE_FIELDS", "ask_field", "card_fields", "file_glyph", "links_of", "tool_glyph", "tool_line"]

T = TypeVar("T")

ASK: Final = 600
"""docs/contracts/cards.md, *What a person must decide*: units of a request to a person, which is never left out."""

PHASE_FIELDS: Final = 10
"""Inline fields for a plan's finished and for its future phases together; Discord takes 25 fields in all."""

_NAME: Final = 80
_STEP: Final = 90
_FILES: Final = 10
_MORE_ROOM: Final = 20
_SILENT: Final = "(no text)"
_STEPS_BEFORE: Final = 2
_MESSAGE_LIVE: Final = 300
_MESSAGE_FINAL: Final = EMBED_FIELD_VALUE

_MARKS: Final = {"pending": "▫", "active": "▶", "done": "✅", "failed": "🔴", "skipped": "⏭"}
_FILE_GLYPHS: Final = {"added": "🆕", "modified": "✏", "deleted": "🗑", "renamed": "🔀"}
_TOOL_GLYPHS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("✏", ("edit", "write", "patch", "replace", "create", "delete", "move")),
    ("🔍", ("search", "grep", "rg", "find", "glob", "ls", "list")),
    ("🌐", ("web", "fetch", "http", "browse", "url")),
    ("📖", ("read", "view", "cat", "open")),
    ("📋", ("todo", "plan")),
    ("🤖", ("task", "agent", "subagent")),
    ("▶", ("bash", "shell", "run", "exec", "execute", "command", "terminal", "pytest", "python", "test")),
)
_OTHER_TOOL: Final = "🔧"


def card_fields(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> tuple[FieldView, ...]:
    """All fields in order; empty ones are left out."""
    final = snapshot.is_final
    found = [
        ask_field(snapshot, sanitizer),
        *_phases(snapshot, sanitizer),
        None if final else _tools(snapshot, sanitizer),
        _filled(Part.FAILING, "Failing", failing_tests(snapshot), lambda test: sanitizer.line(test, 150)),
        _filled(Part.CHECKS, "Checks", snapshot.checks, lambda check: check_line(check, sanitizer)),
        _files(snapshot, sanitizer),
        _billing(snapshot, sanitizer),
        _message(snapshot, sanitizer),
        _filled(Part.NOTES, "Notes", snapshot.notes, lambda note: sanitizer.line(note, 150)),
        _gaps(snapshot, sanitizer),
        *_links(snapshot, sanitizer),
    ]
    return tuple(field for field in found if field is not None and field.value)


def _filled(
    part: Part, name: str, items: Sequence[T], line: Callable[[T], str], *, joiner: str = "\n"
) -> FieldView | None:
    """Lines for as many items as a field takes; the others are counted and not rendered: agents name hundreds."""
    lines: list[str] = []
    room = EMBED_FIELD_VALUE - _MORE_ROOM
    for item in items:
        made = line(item)
        room -= utf16_len(made) + len(joiner)
        if room < 0:
            break
        lines += [made] if made else []
    else:
        return FieldView(part=part, name=name, lines=tuple(lines), joiner=joiner) if lines else None
    return FieldView(part=part, name=name, lines=tuple(lines), hidden=len(items) - len(lines), joiner=joiner)


# -- what is asked ----------------------------------------------------------------------------------------------------


def ask_field(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    """The oldest open approval or question, as what a person must decide; the others are counted."""
    waiting = len(snapshot.open_approvals) + len(snapshot.open_questions)
    if not waiting or snapshot.is_final:
        return None
    if snapshot.open_approvals:
        approval = snapshot.open_approvals[0]
        risk = f" · risk: {sanitizer.line(approval.risk, 60)}" if approval.risk else ""
        wanted = " — ".join(part for part in (approval.title, approval.command or "") if part.strip())
        name, text = "Approval needed", (sanitizer.line(wanted, ASK - utf16_len(risk)) or _SILENT) + risk
    else:
        name, text = "Question", sanitizer.line(snapshot.open_questions[0].text, ASK) or _SILENT
    more = f"… and {count(waiting - 1, 'more decision')} after this one" if waiting > 1 else ""
    return FieldView(part=Part.ASK, name=name, lines=tuple(line for line in (text, more) if line))


# -- plan -------------------------------------------------------------------------------------------------------------


def _phases(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> Iterator[FieldView]:
    """Finished and future phases inline, then the active one as a checklist (docs/contracts/cards.md, *The plan*)."""
    if snapshot.state is RunState.COMPLETE:
        return
    done = [phase for phase in snapshot.plan if phase.status in {"done", "skipped", "failed"}]
    pending = {"pending", "active"} if snapshot.is_final else {"pending"}
    following = [phase for phase in snapshot.plan if phase.status in pending]
    shown_done = done[-max(PHASE_FIELDS // 2, PHASE_FIELDS - len(following)) :]
    shown_next = following[: PHASE_FIELDS - len(shown_done)]
    if len(shown_done) < len(done):
        yield phase_count(Part.DONE_PHASE, "✅", len(done) - len(shown_done), "earlier")
    yield from (_phase(Part.DONE_PHASE, phase, snapshot, sanitizer) for phase in shown_done)
    yield from (_phase(Part.NEXT_PHASE, phase, snapshot, sanitizer) for phase in shown_next)
    if len(shown_next) < len(following):
        yield phase_count(Part.NEXT_PHASE, "▫", len(following) - len(shown_next), "later")
    yield from _active(snapshot, sanitizer)


def _active(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> Iterator[FieldView]:
    """The active phase of a run that has not ended; of several the first, the rest is in `/omp show`."""
    for phase in snapshot.plan:
        if phase.status == "active" and not snapshot.is_final:
            field = _checklist(phase, sanitizer)
            name = f"▶ {sanitizer.label(phase.title, _NAME)}"
            yield field or FieldView(part=Part.ACTIVE_PHASE, name=name, lines=("in progress",))
            return


def _checklist(phase: Phase, sanitizer: Sanitizer) -> FieldView | None:
    """The steps from shortly before the first open one, so that a long list does not lose the current step."""
    first_open = next((n for n, step in enumerate(phase.steps) if step.status in {"active", "pending"}), 0)
    start = max(first_open - _STEPS_BEFORE, 0)
    name = f"▶ {sanitizer.label(phase.title, _NAME)}"
    field = _filled(Part.ACTIVE_PHASE, name, phase.steps[start:], lambda step: _step(step, sanitizer))
    if field is None or not start:
        return field
    return field.model_copy(update={"lines": (f"✅ {count(start, 'step')} before", *field.lines)})


def _phase(part: Part, phase: Phase, snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView:
    """A phase in a word or two. In a run that has ended, no open phase is called *next*."""
    is_open = phase.status in {"pending", "active"}
    mark = "▫" if is_open else _MARKS[phase.status]
    name = f"{mark} {sanitizer.label(phase.title, _NAME)}"
    return FieldView(part=part, name=name, lines=(_phase_value(phase, snapshot),), inline=True)


def _phase_value(phase: Phase, snapshot: StatusSnapshot) -> str:
    steps = len(phase.steps)
    done = f", {sum(step.status == 'done' for step in phase.steps)} of {count(steps, 'step')} done" if steps else ""
    match phase.status:
        case "pending":
            return "not begun" if snapshot.is_final else "next"
        case "active":
            return f"not finished{done}"
        case "failed":
            return f"failed{done}"
        case "done" | "skipped":
            return count(steps, "step") if steps and phase.status == "done" else phase.status


def _step(step: Step, sanitizer: Sanitizer) -> str:
    return f"{_MARKS[step.status]} {sanitizer.line(step.title, _STEP)}"


# -- tools, files, cost -----------------------------------------------------------------------------------------------


def tool_glyph(tool: str) -> str:
    """A picture for a tool by words in its name; agents name the same tool differently."""
    name = tool.lower()
    words = set("".join(c if c.isalnum() else " " for c in name).split())
    for glyph, known in _TOOL_GLYPHS:
        if any(word in words or name.startswith(word) for word in known):
            return glyph
    return _OTHER_TOOL


def tool_line(call: ToolCall, sanitizer: Sanitizer) -> str:
    """`✏ cart/total.py +14−3`, `▶ pytest 1 failed`."""
    title = call.title if call.title and call.title.strip() else call.tool
    delta = _delta(call.added, call.removed)
    detail = sanitizer.line(call.detail, 40) if call.detail else ""
    status = {"running": "…", "ok": "", "failed": "failed"}[call.status]
    status = "" if detail and status == "failed" else status
    return " ".join(part for part in (tool_glyph(call.tool), sanitizer.line(title, 60), delta, detail, status) if part)


def _tools(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    lines = tuple(tool_line(call, sanitizer) for call in snapshot.tools)
    return FieldView(part=Part.TOOLS, name="Recent activity", lines=lines, joiner=" · ") if lines else None


def _delta(added: int | None, removed: int | None) -> str:
    return "" if added is None and removed is None else f"+{added or 0} −{removed or 0}"


def file_glyph(status: str) -> str:
    """The picture for a kind of change to a file."""
    return _FILE_GLYPHS[status]


def _file(file: ChangedFile, sanitizer: Sanitizer) -> str:
    delta = _delta(file.added, file.removed)
    return f"{file_glyph(file.status)} {sanitizer.line(file.path, 100)}{f' {delta}' if delta else ''}"


def _files(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    total = max(snapshot.files_total, len(snapshot.files))
    delta = ""
    if total == len(snapshot.files):  # a sum over a part of the files would be wrong
        delta = f" {_delta(sum(f.added or 0 for f in snapshot.files), sum(f.removed or 0 for f in snapshot.files))}"
    place = f" · branch {sanitizer.label(snapshot.branch, 100)}" if snapshot.branch and snapshot.is_final else ""
    name = f"{count(total, 'file')}{delta}{place}"
    field = _filled(Part.FILES, name, snapshot.files[:_FILES], lambda file: _file(file, sanitizer))
    if field is None:
        return None
    return field.model_copy(update={"hidden": total - len(field.lines), "inline": snapshot.is_final})


def _billing(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    """Cost against budget, tokens, model; `brief` is its one line."""
    usage = snapshot.usage
    used = usage.input or usage.output or usage.cache_read or usage.cache_write or usage.cost_usd is not None
    if not used and snapshot.budget_usd is None:
        return None
    price = _price(snapshot) if used else _unused(snapshot)
    spent = f"{tokens(usage.input)} tokens in, {tokens(usage.output)} out" if used else ""
    cached = f"{tokens(usage.cache_read)} read from cache" if usage.cache_read else ""
    cached += f"{', ' if cached else ''}{tokens(usage.cache_write)} written to it" if usage.cache_write else ""
    model = " · ".join(
        sanitizer.line(name, 60) for name in (snapshot.model, snapshot.provider) if name and name.strip()
    )
    took = _took(snapshot)
    lines = tuple(line for line in (price, spent, cached, model, took) if line)
    brief = " · ".join(part for part in (price, spent, took) if part)
    return FieldView(part=Part.BILLING, name="Cost", lines=lines, brief=brief, inline=True)


def _price(snapshot: StatusSnapshot) -> str:
    if snapshot.budget_usd is None:
        return cost(snapshot.usage)
    limit = money(snapshot.budget_usd)
    if snapshot.usage.cost_usd is None:
        return f"{cost(snapshot.usage)}: the limit of {limit} cannot hold"
    return f"{cost(snapshot.usage)} of {limit}"


def _unused(snapshot: StatusSnapshot) -> str:
    """That no usage was reported, which is not zero: the agent may have used a lot."""
    reported = "" if snapshot.state is RunState.QUEUED else ", no usage reported"
    return f"budget {money(snapshot.budget_usd or 0)}{reported}"


def _took(snapshot: StatusSnapshot) -> str:
    began = snapshot.started_at or snapshot.created_at
    if snapshot.ended_at is None or snapshot.ended_at < began:
        return ""
    rounds = f", {snapshot.iteration} rounds" if snapshot.iteration > 1 else ""
    return f"{duration(snapshot.ended_at - began)}{rounds}"


# -- words, gaps, links -----------------------------------------------------------------------------------------------


def _message(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    """The agent's latest message, marked as its claim."""
    text = snapshot.summary or snapshot.last_words if snapshot.is_final else snapshot.last_words
    if not text or not text.strip():
        return None
    limit = _MESSAGE_FINAL if snapshot.is_final else _MESSAGE_LIVE
    prose = Excerpt.of(sanitizer.source(text), limit, keeps_lines=True)
    return FieldView(
        part=Part.MESSAGE, name=f"{sanitizer.label(agent_name(snapshot, sanitizer), 60)} says", prose=prose
    )


def _gaps(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    field = _filled(Part.GAPS, "Missing events", snapshot.gaps, lambda gap: _gap(gap, sanitizer))
    if field is None:
        return None
    return field.model_copy(update={"hidden": max(snapshot.gap_count, len(snapshot.gaps)) - len(field.lines)})


def _gap(gap: Gap, sanitizer: Sanitizer) -> str:
    numbers = f"{gap.first}" if gap.first == gap.last else f"{gap.first}–{gap.last}"
    return f"{sanitizer.line(gap.source, 60)}: {numbers}"


def links_of(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[str]:
    """The addresses worth opening, the result's first; each is shown whole, so that none misleads."""
    urls = (sanitizer.link(url) for url in (snapshot.url, *(artifact.url for artifact in snapshot.artifacts)))
    return list(dict.fromkeys(url for url in urls if url))[:CARD_LINKS]


def _links(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> Iterator[FieldView]:
    """The links, at most four to a field: five of 200 characters with their brackets would not fit in one."""
    lines = [f"<{url}>" for url in links_of(snapshot, sanitizer)]
    half = CARD_LINKS - 1
    for part in (lines[:half], lines[half:]):
        if part:
            yield FieldView(part=Part.LINKS, name="Links", lines=tuple(part))
