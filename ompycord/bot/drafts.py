"""What a person typed as a draft's body, and from there to a submission; counterpart of `intake.py`, which keeps it first."""

from typing import Annotated

from pydantic import Field

from ompycord.bot import wording
from ompycord.bot.rest import Rest, SendFailed
from ompycord.conductor import Submission
from ompycord.domain.base import Frozen
from ompycord.domain.records import Draft
from ompycord.domain.task import PROMPT_LIMIT, Mode
from ompycord.errors import Refused
from ompycord.render.inert import Inert

__all__ = ["AttachedFile", "Typed", "submission_of"]

_LARGEST_FILE = 128 * 1024
"""32,000 characters have at most so many bytes in UTF-8."""


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
    files: Annotated[tuple[AttachedFile, ...], Field(max_length=10)] = ()
    shown_in: str
    """Where the mirror goes."""

    def submission(self, prompt: str, *, guild: str) -> Submission:
        """Raises pydantic's ValidationError naming the field that is wrong."""
        return Submission(
            prompt=prompt,
            repository=self.repository,
            agent=self.agent,
            mode=self.mode,
            branch=self.branch,
            budget_usd=self.budget_usd,
            done_when=self.done_when,
            guild=guild,
            channel=self.shown_in,
        )


async def submission_of(draft: Draft, *, rest: Rest, inert: Inert) -> tuple[Submission, list[str]]:
    """The submission and what the person must be told about their files.

    Raises Refused when it is too long, SendFailed when a file cannot be read now, ValidationError.
    """
    typed = Typed.model_validate(draft.body)
    texts, notes = [typed.prompt] if typed.prompt.strip() else [], list[str]()
    for file in typed.files:
        text = await _text_of(file, rest)
        if text is None:
            notes.append(wording.file_too_big(file.name, inert))
        elif len(typed.files) == 1 and not texts:
            texts.append(text)
        else:
            texts.append(f"--- {file.name} ---\n{text}")
    prompt = "\n\n".join(texts)
    if len(prompt) > PROMPT_LIMIT:
        raise Refused(wording.file_too_large_together(len(prompt)))
    return typed.submission(prompt, guild=draft.guild), notes


async def _text_of(file: AttachedFile, rest: Rest) -> str | None:
    """None for what is no text or too big."""
    if file.size > _LARGEST_FILE:
        return None
    try:
        raw = await rest.attachment(file.url)
    except SendFailed as failed:
        if failed.is_final:
            raise Refused("Discord does not keep the attached file any more. Nothing ran; send it again.") from failed
        raise
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
