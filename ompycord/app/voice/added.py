"""A transcriber of another distribution: bounded, whatever its code does, in a loop of its own.

Counterpart of `voice/openai.py`; `notify/added.py` does it for notifiers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from ompycord.domain.ports import Transcriber
from ompycord.domain.voice.recordings import AudioRecording
from ompycord.errors import TranscriptionFailed
from ompycord.notify.own_loop import END_S, Act, OwnLoop
from ompycord.telemetry import get_logger

__all__ = ["AddedTranscriber"]

_REASON: Final = 200

log = get_logger(__name__)


class AddedTranscriber:
    """Implements `Transcriber` by one that a package adds. It is asked for one text at a time."""

    def __init__(self, *, name: str, transcriber: Transcriber, timeout_s: float, redact: Callable[[str], str]) -> None:
        self._name = name
        self._transcriber = transcriber
        self._timeout_s = timeout_s
        self._redact = redact
        self._own = OwnLoop(name=f"transcriber {name}")
        self._turn = asyncio.Lock()
        self._left: list[Act] = []
        """Texts that were given up and are made all the same."""

    async def transcribe(self, recording: AudioRecording) -> str:
        """See the port."""
        async with self._turn:
            self._left = [one for one in self._left if one.outcome is None]
            if self._left:
                raise TranscriptionFailed(f"{self._name} has not ended an earlier text yet.")
            text = await self._bounded(partial(self._transcriber.transcribe, recording))
        if not isinstance(text, str):
            raise TranscriptionFailed(f"{self._name} answered {type(text).__name__} instead of a text.")
        return text

    async def close(self) -> None:
        """Close its connections, whatever its code does; what goes on there is left to the end of the process."""
        try:
            await self._bounded(self._transcriber.close)
        except TranscriptionFailed as failed:
            log.warning("voice.not_closed", cause=str(failed))
        if not await self._own.end():
            log.warning("voice.left_behind", after_s=END_S)

    async def _bounded(self, act: Callable[[], Awaitable[object]]) -> object:
        """What its code answers. Raises TranscriptionFailed in its words, or that it raised something else."""
        acting = self._own.begin(act)
        try:
            async with asyncio.timeout(self._timeout_s):
                await acting.wait()
        except TimeoutError:
            raise TranscriptionFailed(f"{self._name} did not end within {self._timeout_s:g} s.") from None
        finally:
            if acting.outcome is None:
                acting.cancel()
                self._left.append(acting)
        outcome = acting.outcome
        if outcome is None or isinstance(outcome.error, TranscriptionFailed):
            words = "" if outcome is None else " ".join(str(outcome.error).split())
            raise TranscriptionFailed(self._redact(words)[:_REASON] or f"{self._name} failed.")
        if outcome.error is not None:
            raise TranscriptionFailed(f"{self._name} raised {type(outcome.error).__name__}.")
        return outcome.answer
