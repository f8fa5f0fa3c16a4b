"""What a person typed, as a draft's body, and from there to a request and its submission.

Counterpart of `submission.py`, which stores it first.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Self

import discord
from pydantic import Field

from ompycord.bot.interactions import reply_texts
from ompycord.bot.lookups import KeepFile
from ompycord.bot.rest import Rest, SendFailed
from ompycord.conductor import Submission
from ompycord.domain.base import Frozen
from ompycord.domain.records import Draft
from ompycord.domain.task import LARGEST_FILE_MIB, MOST_FILES, PROMPT_LIMIT, TaskFile, TaskRequest
from ompycord.errors import RefusedInWords
from ompycord.render.sanitizer import Sanitizer

__all__ = ["AttachedFile", "DraftBody", "attached_files", "submission_of"]

_LARGEST_TEXT = PROMPT_LIMIT * 4096 // 1000
"""Bytes: the longest prompt has at most 4 a character in UTF-8."""
_NAME = 100
_BESIDE = {"files", "shown_in", "kept", "offer"}
"""What a stored draft has beside the fields of a request."""


class AttachedFile(Frozen):
    """An attachment as Discord named it; read only once the draft is kept."""

    name: str
    url: str
    size: int


def attached_files(attachments: Sequence[discord.Attachment]) -> tuple[AttachedFile, ...]:
    """What came with a command or a message, as many as a task may have."""
    return tuple(AttachedFile(name=file.filename, url=file.url, size=file.size) for file in attachments[:MOST_FILES])


class DraftBody(Frozen):
    """The body of a draft: a task request as it was typed, kept before its files are read and before it is checked.

    A draft that cannot become a run keeps its text all the same, so nothing here is refused. It is stored flat.
    """

    typed: dict[str, Any]
    """Fields of `TaskRequest` by their stored names, as JSON. Those that are left out are not known yet."""
    files: Annotated[tuple[AttachedFile, ...], Field(max_length=MOST_FILES)] = ()
    """Attachments that become files of the request once they are read."""
    shown_in: str
    """The channel of the channel summary."""
    kept: Annotated[tuple[TaskFile, ...], Field(max_length=MOST_FILES)] = ()
    """Files that came with an earlier task, which this one repeats."""
    offer: str | None = None
    """Our message that offers to start it; None where a person asked for it themselves."""

    @classmethod
    def of(cls, draft: Draft) -> Self:
        """What a draft holds. Raises pydantic's ValidationError where its files cannot be made out."""
        typed = {name: value for name, value in draft.body.items() if name not in _BESIDE}
        beside = {name: draft.body[name] for name in _BESIDE if name in draft.body}
        return cls.model_validate({"typed": typed, "shown_in": draft.channel, **beside})

    def stored(self) -> dict[str, Any]:
        """The body as a draft keeps it."""
        beside = self.model_dump(mode="json", include=_BESIDE)
        usual = {"files", "shown_in"}
        return {**self.typed, **{name: value for name, value in beside.items() if value or name in usual}}

    def text(self, name: str) -> str:
        """A typed text by its field's name; empty where there is none."""
        return str(self.typed.get(name) or "")

    def completed(self, **typed: object) -> Self:
        """The body with more fields filled in."""
        return self.model_copy(update={"typed": {**self.typed, **typed}})

    def request(self, prompt: str, files: tuple[TaskFile, ...] = ()) -> TaskRequest:
        """The request, with the texts of its files in the prompt.

        Raises pydantic's ValidationError naming the field that is wrong.
        """
        return TaskRequest.model_validate({**self.typed, "prompt": prompt, "files": files})


async def submission_of(
    draft: Draft, *, rest: Rest, keep: KeepFile, sanitizer: Sanitizer
) -> tuple[Submission, list[str]]:
    """The submission, and notices for the person about their files.

    A text becomes part of the task as far as there is room; everything else is stored for the agent to read. Raises
    Refused for a task that is too long or empty, SendFailed when a file cannot be read now, ValidationError.
    """
    body = DraftBody.of(draft)
    typed = body.text("prompt")
    texts, kept, notes = [typed] if typed.strip() else [], list(body.kept), list[str]()
    for file in body.files:
        if file.size > LARGEST_FILE_MIB * 1024 * 1024:
            notes.append(reply_texts.file_too_big(file.name, sanitizer))
            continue
        raw = await _content(file, rest)
        text = _as_text(raw)
        is_task = text is not None and len(body.files) == 1 and not texts
        if text is not None and (is_task or len("\n\n".join(texts)) + len(text) + len(file.name) + 12 <= PROMPT_LIMIT):
            texts.append(text if is_task else f"--- {file.name} ---\n{text}")
        else:
            kept.append(await _kept(file.name, raw, keep, {one.name for one in kept}))
    prompt = "\n\n".join(texts)
    if len(prompt) > PROMPT_LIMIT:
        raise RefusedInWords(reply_texts.file_too_large_together(len(prompt)))
    if not prompt.strip():
        raise RefusedInWords(reply_texts.NO_WORDS)
    request = body.request(prompt, tuple(kept))
    return Submission(request=request, guild=draft.guild, channel=body.shown_in), notes


async def _content(file: AttachedFile, rest: Rest) -> bytes:
    try:
        return await rest.attachment(file.url)
    except SendFailed as failed:
        if failed.is_final:
            raise RefusedInWords("The attached file has expired at Discord. Nothing ran; send it again.") from failed
        raise


def _as_text(raw: bytes) -> str | None:
    """The content as text; None for what is no text, or more than any task may have."""
    if len(raw) > _LARGEST_TEXT or b"\0" in raw:
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


async def _kept(name: str, raw: bytes, keep: KeepFile, taken: set[str]) -> TaskFile:
    try:
        digest = await keep(raw)
    except OSError as error:
        raise RefusedInWords(
            f"The attached file could not be kept ({error.strerror or error}). Nothing ran; try again."
        ) from error
    return TaskFile(name=_free(_safe(name), taken), sha256=digest, size=len(raw))


def _safe(name: str) -> str:
    """A name that no file system and no agent misreads."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in name)
    return plain[-_NAME + 8 :].lstrip(".-") or "file"


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    stem, dot, ending = name.rpartition(".")
    numbered = (f"{stem or ending}-{number}{dot if stem else ''}{ending if stem else ''}" for number in range(2, 99))
    return next(one for one in numbered if one not in taken)
