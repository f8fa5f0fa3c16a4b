"""The parts of a card: plan, facts, tools, checks, files, cost, message, links; each sanitized and shortened here.

Counterpart of `truncation.py`, which drops whole lines of them and never reads inside one.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final, TypeVar

from ompycord.domain.events import ChangedFile, LeftOut, Phase
from ompycord.domain.folds.snapshot import Gap, StatusSnapshot, ToolCall
from ompycord.domain.run import RunKind, RunState
from ompycord.render.cards.cardview import Excerpt, FieldView, Part, phase_count
from ompycord.render.cards.evidence import evidence_line, proof_lines, refused_lines
from ompycord.render.cards.metering import claim_note, is_unmetered, metering
from ompycord.render.cards.names import agent_name, run_link
from ompycord.render.cards.overlaps import overlap_lines
from ompycord.render.cards.preparation import lines_of, precheck_line, setup_tail
from ompycord.render.cards.proposed import ci_lines, pull_request_lines
from ompycord.render.cards.reports import drift_lines, review_lines
from ompycord.render.cards.verdicts import check_line, failing_tests
from ompycord.render.memory.recalled import recalled_words
from ompycord.render.phrases import cost, count, duration, has_tokens, money, tokens, tokens_used
from ompycord.render.render_context import RenderContext
from ompycord.render.run_view import Place, shown_facts
from ompycord.render.sanitizer import Sanitizer
from ompycord.text.graphemes import utf16_len
from ompycord.text.limits import CARD_LINKS, EMBED_FIELD_VALUE

__all__ = [
    "PHASES_SHOWN",
    "card_fields",
    "chain_fields",
    "facts_of",
    "file_glyph",
    "links_of",
    "tool_glyph",
    "tool_line",
]

T = TypeVar("T")

PHASES_SHOWN: Final = 10
"""Phases of the plan that its line shows; those before and after are counted."""

_PHASE: Final = 60
_FILES: Final = 10
_USES: Final = 5
_MISSING: Final = 190
"""Permissions whose uses a card lists."""
_MORE_ROOM: Final = 20
_PHASES_BEFORE: Final = 3
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
        _filled(Part.PRECHECK, _precheck_name(snapshot), lines_of(snapshot), lambda one: precheck_line(one, sanitizer)),
        _filled(Part.PRECHECK, "It printed", setup_tail(snapshot, sanitizer), str),
        *_phases(snapshot, sanitizer),
        None if final else _tools(snapshot, sanitizer),
        _filled(Part.FAILING, "Failing", failing_tests(snapshot), lambda test: sanitizer.line(test, 150)),
        *_checks(snapshot, sanitizer),
        _filled(Part.EVIDENCE, "Pull request", pull_request_lines(snapshot, sanitizer), str),
        _filled(Part.EVIDENCE, "CI of the pull request", ci_lines(snapshot, sanitizer), str),
        _filled(Part.EVIDENCE, "Same files", overlap_lines(snapshot, sanitizer), str),
        _filled(Part.FAILING, "Not taken", refused_lines(snapshot, sanitizer), str),
        _evidence(snapshot, sanitizer),
        _filled(Part.EVIDENCE, "Review", review_lines(snapshot, sanitizer), str),
        _filled(Part.EVIDENCE, "Plan", drift_lines(snapshot, sanitizer), str),
        _filled(Part.LEFT_OUT, "Not in the result", snapshot.left_out, lambda piece: _left_out(piece, sanitizer)),
        _files(snapshot, sanitizer),
        _billing(snapshot, sanitizer),
        _facts(snapshot, sanitizer),
        _message(snapshot, sanitizer),
        _filled(Part.NOTES, "Notes", _notes(snapshot), lambda note: sanitizer.line(note, 150)),
        _gaps(snapshot, sanitizer),
        *_links(snapshot, sanitizer),
    ]
    return tuple(field for field in found if field is not None and field.value)


def _precheck_name(snapshot: StatusSnapshot) -> str:
    return "To fix first" if any(line.status == "fail" for line in snapshot.precheck) else "Looked at before"


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


# -- plan -------------------------------------------------------------------------------------------------------------


def _phases(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> Iterator[FieldView]:
    """The plan's line, in order: a phase by its mark and title; of a long plan the phases around the active one."""
    plan = snapshot.plan
    is_open = [phase.status in {"pending", "active"} for phase in plan]
    now = is_open.index(True) if True in is_open else len(plan)
    start = min(max(now - _PHASES_BEFORE, 0), max(len(plan) - PHASES_SHOWN, 0))
    shown = plan[start : start + PHASES_SHOWN]
    if start:
        yield phase_count(Part.DONE_PHASE, "✅", start, "earlier")
    yield from (_phase(phase, snapshot, sanitizer) for phase in shown)
    if left := len(plan) - start - len(shown):
        yield phase_count(Part.NEXT_PHASE, "▫", left, "later")


def _phase(phase: Phase, snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView:
    """In a run that has ended no phase is active."""
    status = "pending" if phase.status == "active" and snapshot.is_final else phase.status
    parts = {"pending": Part.NEXT_PHASE, "active": Part.ACTIVE_PHASE}
    title = sanitizer.line(phase.title, _PHASE) or "(no title)"
    return FieldView(part=parts.get(status, Part.DONE_PHASE), name="", lines=(f"{_MARKS[status]} {title}",))


# -- facts ------------------------------------------------------------------------------------------------------------


def facts_of(snapshot: StatusSnapshot, sanitizer: Sanitizer, *, pulse: str = "") -> str:
    """What is known in one line: `pulse`, what changed, how long it took, what it cost, what its agent was given."""
    refined = "task refined" if snapshot.refined is not None else ""
    known = (recalled_words(snapshot), refined)
    parts = (pulse, _changed(snapshot, sanitizer), _took(snapshot), _price(snapshot), *known)
    return " · ".join(part for part in parts if part)


def _changed(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    total = max(snapshot.files_total, len(snapshot.files))
    if not total:
        return ""
    delta = ""
    if total == len(snapshot.files):  # a sum over a part of the files would be wrong
        delta = f" {_delta(sum(f.added or 0 for f in snapshot.files), sum(f.removed or 0 for f in snapshot.files))}"
    branch = f" on {sanitizer.line(snapshot.branch, 100)}" if snapshot.branch and snapshot.is_final else ""
    return f"{count(total, 'file')}{delta}{branch}"


def _took(snapshot: StatusSnapshot) -> str:
    began = snapshot.started_at or snapshot.created_at
    if snapshot.ended_at is None or snapshot.ended_at < began:
        return ""
    rounds = f", {snapshot.round} rounds" if snapshot.round > 1 else ""
    return f"{duration(snapshot.ended_at - began)}{rounds}"


def _price(snapshot: StatusSnapshot) -> str:
    """The cost against the budget. That no usage was reported is not zero: the agent may have used a lot."""
    limit = money(snapshot.budget_usd) if snapshot.budget_usd is not None else ""
    if not _is_used(snapshot):
        reported = "" if snapshot.state is RunState.QUEUED else ", no usage reported"
        return f"budget {limit}{reported}" if limit else ""
    if limit and snapshot.usage.cost_usd is None:
        return f"{cost(snapshot.usage)}: the budget of {limit} cannot be enforced"
    known = f"{cost(snapshot.usage)}{' (not metered)' if is_unmetered(snapshot) else ''}"
    return f"{known} of {limit}" if limit else known


def _is_used(snapshot: StatusSnapshot) -> bool:
    usage = snapshot.usage
    return has_tokens(usage) or usage.cost_usd is not None or not usage.cost_complete


# -- checks -----------------------------------------------------------------------------------------------------------


def _checks(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> Iterator[FieldView | None]:
    """Checks that we ran; those that the agent of a hosted run tells of stand apart, as its word."""
    is_external = snapshot.kind is RunKind.EXTERNAL
    first = [check for check in snapshot.checks if check.ours or is_external]
    apart = [check for check in snapshot.checks if not (check.ours or is_external)]
    yield _filled(Part.CHECKS, "Checks", first, lambda check: check_line(check, sanitizer))
    yield _filled(Part.EVIDENCE, "Evidence", proof_lines(snapshot, sanitizer), str)
    yield _filled(Part.CHECKS, "The agent's own checks", apart, lambda check: check_line(check, sanitizer))


def _evidence(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    """What the result changed of existing tests and of what defines its checks."""
    field = _filled(
        Part.EVIDENCE, "Changed tests and checks", snapshot.evidence, lambda change: evidence_line(change, sanitizer)
    )
    if field is None:
        return None
    return field.model_copy(update={"hidden": max(snapshot.evidence_total, len(snapshot.evidence)) - len(field.lines)})


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
    """The latest calls; what was called the same way with the same end several times in a row is one with its count."""
    rows = groupby(tool_line(call, sanitizer) for call in snapshot.tools)
    lines = tuple(f"{line} ×{times}" if (times := len(tuple(calls))) > 1 else line for line, calls in rows)
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
    field = _filled(Part.FILES, "Files", snapshot.files[:_FILES], lambda file: _file(file, sanitizer))
    return field.model_copy(update={"hidden": total - len(field.lines)}) if field else None


def _left_out(piece: LeftOut, sanitizer: Sanitizer) -> str:
    """What it is, and the ref that keeps it, which is never shortened."""
    kept = f": kept as {sanitizer.line(piece.ref, 256)}" if piece.ref else ""
    return f"⚠ {sanitizer.line(piece.what, 200)}{kept}"


def _billing(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    """Tokens and the model that answered; `brief` is its one line."""
    usage = snapshot.usage
    spent = tokens_used(usage) if _is_used(snapshot) else ""
    cached = f"{tokens(usage.cache_read)} read from cache" if usage.cache_read else ""
    cached += f"{', ' if cached else ''}{tokens(usage.cache_write)} written to it" if usage.cache_write else ""
    model = " · ".join(
        sanitizer.line(name, 60) for name in (snapshot.model, snapshot.provider) if name and name.strip()
    )
    basis = metering(snapshot)
    lines = tuple(line for line in (spent, cached, model, basis) if line)
    brief = " · ".join(part for part in (spent, model, basis) if part)
    return FieldView(part=Part.BILLING, name="Tokens", lines=lines, brief=brief, inline=True) if lines else None


def _facts(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    """What else is declared for cards, a line each in one field: Discord takes 25 fields in all."""
    lines = shown_facts(snapshot, Place.CARD, sanitizer, labelled=True)
    return FieldView(part=Part.FACTS, name="Facts", lines=tuple(lines), inline=True) if lines else None


# -- other runs -------------------------------------------------------------------------------------------------------


def chain_fields(render_context: RenderContext, sanitizer: Sanitizer) -> tuple[FieldView, ...]:
    """The run that this one follows, and those that follow it."""
    before = (render_context.follows,) if render_context.follows is not None else ()
    found = (
        _filled(Part.CHAIN, "Follows", before, lambda run: run_link(run, sanitizer)),
        _filled(Part.CHAIN, "Follow-ups", render_context.followed_by, lambda run: run_link(run, sanitizer)),
    )
    return tuple(field for field in found if field is not None)


# -- words, gaps, links -----------------------------------------------------------------------------------------------


def _message(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    """The agent's latest message, marked as its claim."""
    text = snapshot.summary or snapshot.last_words if snapshot.is_final else snapshot.last_words
    if snapshot.answer is not None:
        text = snapshot.answer.plain
    if not text or not text.strip():
        return None
    limit = _MESSAGE_FINAL if snapshot.is_final else _MESSAGE_LIVE
    prose = Excerpt.of(sanitizer.source(text), limit, keeps_lines=True)
    return FieldView(
        part=Part.MESSAGE, name=f"{sanitizer.label(agent_name(snapshot, sanitizer), 60)} says", prose=prose
    )


def _notes(snapshot: StatusSnapshot) -> Sequence[str]:
    """The uses of every permission that was given for the run, what the agent claims to have cost, the latest notes."""
    used = [one for one in snapshot.approvals if one.uses]
    uses = [f"Used {count(one.uses, 'time')} without asking again, allowed by {one.by}: {one.title}" for one in used]
    claim = claim_note(snapshot)
    return (*uses[-_USES:], *((claim,) if claim else ()), *snapshot.notes)


def _gaps(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> FieldView | None:
    field = _filled(Part.GAPS, "Missing events", snapshot.gaps, lambda gap: _gap(gap, sanitizer))
    if field is None:
        return None
    return field.model_copy(update={"hidden": max(snapshot.gap_count, len(snapshot.gaps)) - len(field.lines)})


def _gap(gap: Gap, sanitizer: Sanitizer) -> str:
    numbers = f"{gap.first}" if gap.first == gap.last else f"{gap.first}–{gap.last}"
    return f"{sanitizer.line(gap.source, 60)}: {numbers}"


def links_of(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[str]:
    """The addresses worth opening, the pull request's first; each is shown whole, so that none misleads.

    What the agent of a hosted run says is its word alone (`stated_link`).
    """
    proposed = snapshot.pull_request.url if snapshot.pull_request else None
    stated = snapshot.url if snapshot.kind is RunKind.EXTERNAL else None
    urls = (sanitizer.link(url) for url in (proposed, stated, *(artifact.url for artifact in snapshot.artifacts)))
    return list(dict.fromkeys(url for url in urls if url))[:CARD_LINKS]


def stated_link(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str | None:
    """The address that the agent of a hosted run gave as its result, at which nobody here has looked."""
    if snapshot.kind is RunKind.EXTERNAL:
        return None
    named = sanitizer.link(snapshot.url)
    return None if named in links_of(snapshot, sanitizer) else named


def _links(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> Iterator[FieldView]:
    """The links, at most four to a field: five of 200 characters with their brackets would not fit in one."""
    missing = snapshot.pull_request.missing if snapshot.pull_request else ()
    named = stated_link(snapshot, sanitizer)
    lines = [
        *(f"<{url}>" for url in links_of(snapshot, sanitizer)),
        *((sanitizer.line(" ".join(missing), _MISSING),) if missing else ()),
        *((f"The agent names <{named}>. That was not checked.",) if named else ()),
    ]
    half = CARD_LINKS - 1
    for part in (lines[:half], lines[half:]):
        if part:
            yield FieldView(part=Part.LINKS, name="Links", lines=tuple(part))
