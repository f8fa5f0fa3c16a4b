"""Sentences that `render.notices` does not have, in the same style. Pure."""

import shlex
from collections.abc import Sequence

from ompycord.conductor import MessageOutcome, MessageReceipt, QueuedMessage
from ompycord.domain.events import RunEvent, dump_data
from ompycord.domain.ids import short_id
from ompycord.domain.run import RunKind, RunRecord
from ompycord.domain.task import LARGEST_FILE_MIB, PROMPT_LIMIT
from ompycord.render.phrases import iso, stamp
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = [
    "BUTTON_UNKNOWN",
    "CONFIRM_EXPIRED",
    "DICTATED_FILE",
    "DICTATION_DROPPED",
    "ELSEWHERE",
    "FORM_UNKNOWN",
    "KEPT",
    "NOTHING_CHANGED",
    "NO_DIFF",
    "NO_WORDS",
    "OFFER_DECLINED",
    "OFFER_WITHDRAWN",
    "cancelled",
    "check_out",
    "confirm_cancel",
    "deaf",
    "dictated",
    "dictated_too_long",
    "dropped",
    "edited",
    "event_lines",
    "file_too_big",
    "file_too_large_together",
    "given_back",
    "goes_on_with",
    "internal_error",
    "late_reply",
    "no_handler",
    "offer",
    "preview_message",
    "sent",
    "shown_in_channel",
    "started",
    "started_by",
    "take_over",
    "text_lost",
    "to_author",
    "waiting",
]

ELSEWHERE = "I work only in the servers that I was set up for, and not in direct messages. Nothing happened."
BUTTON_UNKNOWN = (
    "I did not make that button, so I do not act on it. Nothing happened. `/omp status` shows the live cards."
)
FORM_UNKNOWN = "I did not open that form, so I do not act on it. Nothing happened. `/omp new` opens a new one."
CONFIRM_EXPIRED = "That question is more than 15 minutes old. Nothing happened. Use `/omp cancel` again."
NO_DIFF = "That run has no diff: it has changed nothing yet, or its diff has expired."
NOTHING_CHANGED = "The run continues."
NO_WORDS = "The task is empty, so nothing ran. Say what to do with the files."
KEPT = "Your text is kept and the run starts. If no link appears here, press *Try again*: it starts once, never twice."

OFFER_WITHDRAWN = "That message was deleted or is for somebody else now, so no follow-up is offered."
OFFER_DECLINED = "No follow-up."

DICTATED_FILE = "draft.txt"
DICTATION_DROPPED = "Dropped. Nothing ran, and the text is not kept."

_LINE = 300
_DICTATED = 1500
"""Of a dictated text so much stands in the message; the whole is beside it."""


def started(run: str, url: str, notes: Sequence[str] = ()) -> str:
    """The end of the reply to the form, with a link to the channel summary."""
    return "\n".join([f"Queued: {url}", *notes])


def goes_on_with(branch: str | None) -> str:
    """What a follow-up starts from, in its form."""
    return f"On {branch}, with the result of this run." if branch else "Of this run, which has no branch."


def offer(branch: str | None, sanitizer: Sanitizer) -> str:
    """The reply to a message in the thread of a run that has ended."""
    on = f" on `{sanitizer.code(branch, 100).replace('`', '')}`" if branch else ""
    return f"Start a follow-up{on}?"


def shown_in_channel(run: str, channel: str | None, notes: Sequence[str] = ()) -> str:
    """For a channel summary that is not posted yet."""
    where = f"Its card appears in <#{channel}> in a moment." if channel else "`/omp status` shows it."
    return "\n".join([f"Queued. {where}", *notes])


def given_back(why: str) -> str:
    """For a text that did not become a run and is not stored."""
    return f"{why} Your text is below, so that nothing is lost."


def text_lost(name: str, sanitizer: Sanitizer) -> str:
    """For a text that neither the database nor Discord accepted."""
    who = sanitizer.line(name, 60)
    return f"{who}: I could not save your text, and Discord did not accept my reply. No run started; send it again."


def to_author(words: str, name: str, sanitizer: Sanitizer) -> str:
    """Posted in the channel for the author of a message there."""
    return f"{sanitizer.line(name, 60)}: {words}"


def usual_repository(emoji: str, repository: str, sanitizer: Sanitizer) -> str:
    """Posted once in a channel where several repositories could be meant."""
    name = sanitizer.line(repository, 60)
    return f"{emoji} starts a message of this channel in **{name}**. For another repository use `/omp new`."


def started_by(name: str, run: str, sanitizer: Sanitizer) -> str:
    """What the message with a kept text shows afterwards."""
    return f"Started by {sanitizer.line(name, 60)}: run `{short_id(run)}`."


def confirm_cancel(record: RunRecord, title: str, branch: str | None, sanitizer: Sanitizer) -> str:
    """Asked before a run is ended permanently; an external one can only be asked to end."""
    what = sanitizer.dead(title, 100)
    run = f"*{what}*" if what else f"run `{short_id(record.id)}`"
    if record.kind is RunKind.EXTERNAL:
        return f"Ask {run} to end? Its agent sees that with its next report."
    return f"Cancel {run}? {_what_stays(branch, sanitizer)}"


def cancelled(record: RunRecord, branch: str | None, sanitizer: Sanitizer) -> str:
    """The reply to the confirmation."""
    if record.kind is RunKind.EXTERNAL:
        return "Cancel requested; the agent will see it with its next report."
    return f"Cancelled. Branch {sanitizer.line(branch, 100)} stays." if branch else "Cancelled."


def _what_stays(branch: str | None, sanitizer: Sanitizer) -> str:
    if branch is None:
        return "Its record stays; unpublished work will be lost."
    return f"Its branch {sanitizer.line(branch, 100)} and its record stay; unpublished work will be lost."


def take_over(record: RunRecord, sanitizer: Sanitizer) -> str:
    """How a person continues an open run by hand, and how the agent gets it back."""
    return (
        f"On the Ompycord host run:\n```\nompycord takeover {short_id(record.id)}\n```\nIt opens "
        f"{sanitizer.line(record.agent or 'the agent', 60)} in its own session (or a shell), in the run's clone, in "
        "the agent's sandbox. Exit and press *Resume* to hand it back."
    )


def check_out(record: RunRecord, branch: str | None, remote: str | None, sanitizer: Sanitizer) -> str:
    """The commands that get an ended run's branch into a person's own clone.

    `remote` is the path or address of the repository, without credentials; None where it is no longer configured.
    """
    where = sanitizer.line(record.repository or "the repository", 60)
    if branch is None:
        return f"Run `{short_id(record.id)}` left no branch in {where}, so there is nothing to check out."
    name = sanitizer.code(shlex.quote(branch), 200)
    fetch = f"```\ngit fetch origin && git switch {name}\n```"
    by_name = f"In a clone of {where}, where `origin` is that repository:\n{fetch}"
    hand_back = f"To hand it back, commit on that branch, then `/omp new` with `branch: {name}`."
    if remote is None:
        return f"{by_name}\n{hand_back}"
    address = sanitizer.code(shlex.quote(remote), 400)
    by_address = f"In any clone of it:\n```\ngit fetch {address} {name} && git switch -c {name} FETCH_HEAD\n```"
    return f"{by_name}\n{by_address}\n{hand_back}"


def file_too_big(name: str, sanitizer: Sanitizer) -> str:
    """For an attachment that the agent does not get."""
    return f"Left out: {sanitizer.line(name, 100)} is larger than {LARGEST_FILE_MIB} MiB."


def file_too_large_together(length: int) -> str:
    """For a task whose text and files together are longer than a prompt may be."""
    return (
        f"With its files the text has {length:,} characters; {PROMPT_LIMIT:,} is the limit. Nothing ran. Shorten it "
        "and send it again."
    )


def dictated(text: str, name: str, sanitizer: Sanitizer) -> tuple[str, bool]:
    """The draft that was made of a recording, and whether it stands there whole."""
    shown = sanitizer.code(text, _DICTATED)
    head = f"What I heard in the recording of {sanitizer.line(name, 60)}. Nothing runs yet."
    is_whole = len(text) <= _DICTATED
    end = "" if is_whole else f"\nThe whole text, {len(text):,} characters, is in {DICTATED_FILE}."
    return f"{head}\n```\n{shown}\n```{end}", is_whole


def dictated_too_long(length: int) -> str:
    """For a text that the form does not hold."""
    return (
        f"The text has {length:,} characters, more than a form takes. Save {DICTATED_FILE}, change it, and give it to "
        "`/omp new` as its file."
    )


def no_handler(action: str) -> str:
    """For a valid button of an earlier version."""
    return (
        f"That button (*{action}*) is from another version of me. Nothing happened. `/omp status` shows the live card."
    )


def internal_error(error: BaseException, reference: str) -> str:
    """For a defect of ours: what happened, to what, what now."""
    name = type(error).__name__
    return (
        f"An error in Ompycord ({name}) stopped this. Tell an admin the reference `{reference}`, which is in the log, "
        "then try again."
    )


def event_lines(events: Sequence[RunEvent], redact: Redact) -> str:
    """A run's log as plain text, one event a line, in the order in which it happened.

    `events` are in the order of commits, which decides between two of the same millisecond.
    """
    sanitizer = Sanitizer(redact, terminal=True)
    lines = [
        f"{iso(event.at)}  {event.source}#{event.seq}  {event.body.type}  "
        + sanitizer.line(", ".join(f"{key}={value}" for key, value in dump_data(event.body).items()), _LINE)
        for event in sorted(events, key=lambda event: event.at)
    ]
    return "\n".join(line.rstrip() for line in lines)


def run_line(
    record: RunRecord, title: str, status: str, url: str | None, sanitizer: Sanitizer, *, facts: Sequence[str] = ()
) -> str:
    """One run in a list. `status` is what its card says; `facts` are safe to show."""
    what = sanitizer.dead(title, 80)
    who = f"<@{record.requester}>" if record.requester else "external run"
    shown = f"**{sanitizer.dead(status, 80)}**"
    parts = (f"`{short_id(record.id)}`", shown, what, record.repository or "", *facts, who, url or "")
    return " · ".join(part for part in parts if part)


# -- messages to a run ------------------------------------------------------------------------------------------------

_FATES: dict[MessageOutcome, str] = {
    "now": "{agent} reads it now, during its current step.",
    "next": "{agent} will read it after its current step.",
    "restart": "{agent} is stopped and restarts with it, in the same copy.",
    "start": "{agent} will read it when it starts.",
    "resume": "The run is stopped; {agent} will read it after Resume.",
}


def preview_message(sent: MessageReceipt) -> str:
    """What will become of a message to a run; plain text, at most 100 characters."""
    return _FATES[sent.outcome].format(agent=sent.agent[:30])


def sent(run: str, receipt: MessageReceipt) -> str:
    """The reply to *say*: what becomes of the message."""
    kept = "Already sent. " if not receipt.is_fresh else ""
    deaf_ = (
        f" {receipt.agent} cannot read messages while it is working."
        if receipt.outcome == "restart" and not receipt.can_steer
        else ""
    )
    waits = "" if receipt.outcome in {"now", "restart"} else " Undo: `/omp queue drop`."
    return f"{kept}Queued.{deaf_} {preview_message(receipt)}{waits}"


def deaf(receipt: MessageReceipt) -> str:
    """For a message in the thread of a run whose agent takes none while it works."""
    return (
        f"{receipt.agent} cannot read messages while it is working, so this one was not sent. Use `/omp say` with "
        "`when: restart` to restart it with your message."
    )


def late_reply(name: str, words: str, sanitizer: Sanitizer) -> str:
    """Posted in the channel, since the reply is no longer possible."""
    return f"Discord did not accept my reply to {sanitizer.line(name, 60)} in time. {words}"


def waiting(run: str, messages: Sequence[QueuedMessage], sanitizer: Sanitizer) -> str:
    """Messages to a run that no agent has taken."""
    if not messages:
        return "No queued messages."
    lines = [f"Queued for the agent of run `{short_id(run)}`, oldest first:"]
    for number, one in enumerate(messages, 1):
        by = sanitizer.line(one.body.by or "someone", 60)
        lines.append(f"{number}. {stamp(one.at)} {by}: {sanitizer.line(one.body.text, 100)}")
    return "\n".join([*lines, "`/omp queue edit` changes one, `/omp queue drop` removes it."])


def edited(text: str, sanitizer: Sanitizer) -> str:
    """For a waiting message that was changed."""
    return f"Changed; the agent will read: *{sanitizer.line(text, 300)}*"


def dropped(text: str, sanitizer: Sanitizer) -> str:
    """For a message that was withdrawn."""
    return f"Removed; the agent will not see it: *{sanitizer.line(text, 300)}*"
