"""A transcriber of another distribution: bounded, whatever its code does.

Counterpart of `voice/openai.py`; `notify/added.py` does it for notifiers.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from ompycord.domain.ports import Clock, Transcriber
from ompycord.domain.voice.recordings import AudioRecording
from ompycord.errors import TranscriptionFailed
from ompycord.plugins.calls import PluginCalls, PluginFailed

__all__ = ["AddedTranscriber"]

_REASON: Final = 200


class AddedTranscriber:
    """Implements `Transcriber` by one that a package adds. It is asked for one text at a time."""

    def __init__(
        self, *, name: str, transcriber: Transcriber, timeout_s: float, clock: Clock, redact: Callable[[str], str]
    ) -> None:
        self._name = name
        self._transcriber = transcriber
        self._timeout_s = timeout_s
        self._redact = redact
        self._calls = PluginCalls(f"transcriber {name}", clock=clock)
        self._turn = asyncio.Lock()

    async def transcribe(self, recording: AudioRecording) -> str:
        """See the port."""
        try:
            async with self._turn:
                act = partial(self._transcriber.transcribe, recording)
                text = await self._calls.call(act, within_s=self._timeout_s)
        except PluginFailed as failed:
            raise TranscriptionFailed(self._words(failed)) from None
        if not isinstance(text, str):
            raise TranscriptionFailed(f"{self._name} answered {type(text).__name__} instead of a text.")
        return text

    def _words(self, failed: PluginFailed) -> str:
        """Its own, where it raised what it should; they are shown, so nothing that is secret may be in them."""
        if isinstance(failed.raised, TranscriptionFailed):
            return self._redact(" ".join(str(failed.raised).split()))[:_REASON] or f"{self._name} failed."
        return f"{self._name} {failed}."

    async def close(self) -> None:
        """Close its connections, whatever its code does; what goes on there is left to the end of the process."""
        await self._calls.close(self._transcriber.close)
