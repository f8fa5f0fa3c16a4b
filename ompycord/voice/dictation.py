"""The text of a task out of a recording: judged first, then sent to a transcriber, then judged again.

The bytes live in this process for as long as that takes, and nowhere else. Counterparts: the bot, which brings them,
and `kind.py`.
"""

import asyncio
from typing import Final

from ompycord.domain.ports.team.voice import Transcriber
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.task import PROMPT_LIMIT
from ompycord.domain.voice.options import VoiceOptions
from ompycord.domain.voice.recordings import AudioRecording, StatedAudio
from ompycord.errors import Refused, TranscriptionFailed
from ompycord.telemetry import get_logger
from ompycord.text import clean
from ompycord.voice.sound.reading import read_sound

__all__ = ["Dictation"]

_MIB: Final = 1024 * 1024
_AT_ONCE: Final = 2
"""Recordings that are in memory and with a transcriber; others wait, for as long as one may take."""

log = get_logger(__name__)


class Dictation:
    """Implements `SpokenTasks`."""

    def __init__(self, *, options: VoiceOptions, transcriber: Transcriber) -> None:
        self._options = options
        self._transcriber = transcriber
        self._turns = asyncio.Semaphore(_AT_ONCE)

    @property
    def most_bytes(self) -> int:
        return self._options.max_mib * _MIB

    def require_allowed(self, stated: StatedAudio) -> None:
        """See the port."""
        if stated.size > self.most_bytes:
            raise Refused(RefusalCode.RECORDING_TOO_LARGE, limit=self._options.max_mib)
        if stated.duration_s is not None:
            self._require_short(stated.duration_s)
        if stated.is_silent or not stated.size:
            raise Refused(RefusalCode.NOTHING_SPOKEN)

    async def text_of(self, data: bytes, stated: StatedAudio, *, guild: str, person: str) -> str:
        """See the port."""
        self.require_allowed(stated.model_copy(update={"size": len(data)}))
        recording = await asyncio.to_thread(self._judged, data, guild, person)
        try:
            async with asyncio.timeout(self._options.timeout_s), self._turns:
                text = await self._transcriber.transcribe(recording)
        except TimeoutError:
            why = f"No text came within {self._options.timeout_s:g} s."
            raise Refused(RefusalCode.TRANSCRIPTION_FAILED, why=why) from None
        except TranscriptionFailed as failed:
            log.warning("voice.no_text", cause=str(failed))
            raise Refused(RefusalCode.TRANSCRIPTION_FAILED, why=str(failed)) from failed
        return _judged_text(text)

    def _judged(self, data: bytes, guild: str, person: str) -> AudioRecording:
        read = read_sound(data)
        if read is None:
            raise Refused(RefusalCode.NO_RECORDING)
        if read.found is None or not read.found.duration_ms:
            raise Refused(RefusalCode.RECORDING_UNREADABLE, kind=read.kind.value)
        self._require_short(read.found.duration_ms / 1000)
        if read.found.is_silent:
            raise Refused(RefusalCode.NOTHING_SPOKEN)
        return AudioRecording(
            kind=read.kind, duration_ms=read.found.duration_ms, data=data, guild=guild, person=person
        )  # fmt: skip

    def _require_short(self, duration_s: float) -> None:
        if not duration_s <= self._options.max_s:  # what is no number is not short
            raise Refused(RefusalCode.RECORDING_TOO_LONG, limit=self._options.max_s)


def _judged_text(text: str) -> str:
    found = clean(text).strip()
    if not any(letter.isalnum() for letter in found):  # what is written for silence is dots, dashes, notes
        raise Refused(RefusalCode.NOTHING_SPOKEN)
    if len(found) > PROMPT_LIMIT:
        raise Refused(RefusalCode.TRANSCRIPT_TOO_LONG, length=len(found), limit=PROMPT_LIMIT)
    return found
