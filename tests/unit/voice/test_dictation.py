"""Which recordings become a text: those that are small, short, sound, and say something."""

import asyncio
from typing import Any

import pytest

from ompycord.domain.refusals import RefusalCode
from ompycord.domain.task import PROMPT_LIMIT
from ompycord.domain.voice.options import VoiceOptions
from ompycord.domain.voice.recordings import AudioRecording, StatedAudio
from ompycord.errors import Refused, TranscriptionFailed
from ompycord.voice.dictation import Dictation
from tests.support.recordings import m4a, ogg, wav

OPTIONS = VoiceOptions(max_s=10, max_mib=1)


class Typist:
    """Implements `Transcriber`; `text` is its answer, or what it raises."""

    def __init__(self, text: str | Exception = "Fix the total.") -> None:
        self.text = text
        self.got: list[AudioRecording] = []
        self.go = asyncio.Event()
        self.go.set()

    async def transcribe(self, recording: AudioRecording) -> str:
        self.got.append(recording)
        await self.go.wait()
        if isinstance(self.text, Exception):
            raise self.text
        return self.text

    async def close(self) -> None:
        """Nothing is open."""


async def text_of(data: bytes, typist: Typist, options: VoiceOptions = OPTIONS, **stated: Any) -> str:
    about = StatedAudio(size=len(data), **stated)
    return await Dictation(options=options, transcriber=typist).text_of(data, about, guild="1", person="2")


async def code_of(data: bytes, typist: Typist | None = None, **stated: Any) -> str:
    typist = typist or Typist()
    with pytest.raises(Refused) as refused:
        await text_of(data, typist, **stated)
    return refused.value.code


async def test_what_is_said_is_given_back_clean_and_the_transcriber_knows_what_it_got() -> None:
    typist = Typist("  Fix\x00 the \u202etotal.\r\n")
    assert await text_of(ogg(3), typist, duration_s=3.0) == "Fix the total."
    (got,) = typist.got
    assert (got.name, got.duration_ms, got.guild, got.person) == ("recording.ogg", 3000, "1", "2")


@pytest.mark.parametrize(
    ("data", "stated", "code"),
    [
        (b"x" * (1024 * 1024 + 1), {}, RefusalCode.RECORDING_TOO_LARGE),
        (ogg(11), {}, RefusalCode.RECORDING_TOO_LONG),
        (ogg(11), {"duration_s": 2.0}, RefusalCode.RECORDING_TOO_LONG),
        (ogg(2), {"duration_s": 11.0}, RefusalCode.RECORDING_TOO_LONG),
        (ogg(2), {"waveform": bytes(64)}, RefusalCode.NOTHING_SPOKEN),
        (wav(2, loud=0), {}, RefusalCode.NOTHING_SPOKEN),
        (b"Fix the total", {}, RefusalCode.NO_RECORDING),
        (b"", {}, RefusalCode.NOTHING_SPOKEN),
        (m4a(2, handler=b"vide"), {}, RefusalCode.RECORDING_UNREADABLE),
    ],
)
async def test_what_is_no_short_recording_reaches_no_transcriber(data: bytes, stated: Any, code: str) -> None:
    typist = Typist()
    assert await code_of(data, typist, **stated) == code
    assert typist.got == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", RefusalCode.NOTHING_SPOKEN),
        (" \n… ♪ - ", RefusalCode.NOTHING_SPOKEN),
        ("word " * (PROMPT_LIMIT // 5 + 1), RefusalCode.TRANSCRIPT_TOO_LONG),
        (TranscriptionFailed("It is down."), RefusalCode.TRANSCRIPTION_FAILED),
    ],
)
async def test_what_is_no_text_of_a_task_is_refused(text: str | Exception, code: str) -> None:
    assert await code_of(ogg(2), Typist(text)) == code


async def test_a_text_that_does_not_come_is_given_up() -> None:
    typist = Typist()
    typist.go.clear()
    with pytest.raises(Refused) as refused:
        await text_of(ogg(2), typist, VoiceOptions(timeout_s=0.01))
    assert refused.value.facts == {"why": "No text came within 0.01 s."}
