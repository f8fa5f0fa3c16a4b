"""What a person typed as a draft's body, and from there to a submission.

Counterpart of `submission.py`, which keeps it first.
"""

from typing import Annotated

from pydantic import Field

from ompycord.bot.interactions import reply_texts
from ompycord.bot.lookups import KeepFile
from ompycord.bot.rest import Rest, SendFailed
from ompycord.conductor import Submission
from ompycord.domain.base import Frozen
from ompycord.domain.records import Draft
from ompycord.domain.task import MOST_FILES, PROMPT_LIMIT, Mode, TaskFile
from ompycord.errors import RefusedInWords
from ompycord.render.sanitizer import Sanitizer

__all__ = ["AttachedFile", "Typed", "submission_of"]

_LARGEST_TEXT = 128 * 1024
"""32,000 characters have at most so many bytes in UTF-8."""
_LARGEST_FILE = 10 * 1024 * 1024
_NAME = 100


class AttachedFile(Frozen):
    """An attachment as Discord named it; read only once the draft is kept."""

    name: str
    url: str
    size: int


class Typed(Frozen):
    """The body of a draft."""

    prompt: str = ""
    repository: str
    agent: str
    mode: Mode = Mode.STANDARD
    branch: str | None = None
    budget_usd: float | None = None
    done_when: str | None = None
    files: Annotated[tuple[AttachedFile, ...], Field(max_length=MOST_FILES)] = ()
    shown_in: str
    """Where the mirror goes."""

    def submission(self, prompt: str, *, guild: str, files: tuple[TaskFile, ...] = ()) -> Submission:
        """Raises pydantic's ValidationError naming the field that is wrong."""
        return Submission(
            prompt=prompt,
            repository=self.repository,
            agent=self.agent,
            mode=self.mode,
            branch=self.branch,
            budget_usd=self.budget_usd,
            done_when=self.done_when,
            files=files,
            guild=guild,
            channel=self.shown_in,
        )


async def submission_of(
    draft: Draft, *, rest: Rest, keep: KeepFile, sanitizer: Sanitizer
) -> tuple[Submission, list[str]]:
    """The submission and what the person must be told about their files.

    A text becomes part of the task as far as there is room; everything else is kept for the agent to read. Raises
    Refused for a task that is too long or has no words, SendFailed when a file cannot be read now, ValidationError.
    """
    typed = Typed.model_validate(draft.body)
    texts, kept, notes = [typed.prompt] if typed.prompt.strip() else [], list[TaskFile](), list[str]()
    for file in typed.files:
        if file.size > _LARGEST_FILE:
            notes.append(reply_texts.file_too_big(file.name, sanitizer))
            continue
        raw = await _content(file, rest)
        text = _as_text(raw)
        is_task = text is not None and len(typed.files) == 1 and not texts
        if text is not None and (is_task or len("\n\n".join(texts)) + len(text) + len(file.name) + 12 <= PROMPT_LIMIT):
            texts.append(text if is_task else f"--- {file.name} ---\n{text}")
        else:
            kept.append(await _kept(file.name, raw, keep, {one.name for one in kept}))
    prompt = "\n\n".join(texts)
    if len(prompt) > PROMPT_LIMIT:
        raise RefusedInWords(reply_texts.file_too_large_together(len(prompt)))
    if not prompt.strip():
        raise RefusedInWords(reply_texts.NO_WORDS)
    return typed.submission(prompt, files=tuple(kept), guild=draft.guild), notes


async def _content(file: AttachedFile, rest: Rest) -> bytes:
    try:
        return await rest.attachment(file.url)
    except SendFailed as failed:
        if failed.is_final:
            raise RefusedInWords(
                "Discord does not keep the attached file any more. Nothing ran; send it again."
            ) from failed
        raise


def _as_text(raw: bytes) -> str | None:
    """None for what is no text, or more than any task may have."""
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
    """A name that no file system and no agent takes for anything else."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in name)
    return plain[-_NAME + 8 :].lstrip(".-") or "file"


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    stem, dot, ending = name.rpartition(".")
    numbered = (f"{stem or ending}-{number}{dot if stem else ''}{ending if stem else ''}" for number in range(2, 99))
    return next(one for one in numbered if one not in taken)
