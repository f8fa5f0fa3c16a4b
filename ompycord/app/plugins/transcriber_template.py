"""The module of a project that adds a transcriber; counterpart of `template.py`."""

from typing import Final

__all__ = ["TRANSCRIBER"]

TRANSCRIBER: Final = '''\
"""The transcriber `@name@`: it gives a recording to a program and reads its text. Change `_text_of`."""

import asyncio
import sys

from ompycord.domain.base import Frozen
from ompycord.domain.voice.recordings import AudioRecording
from ompycord.errors import TranscriptionFailed
from ompycord.voice.kind import TranscriberKind

__all__ = ["TRANSCRIBER", "@class@Options", "@class@Transcriber"]


class @class@Options(Frozen):
    """Options of `voice.options`. Name a secret by its file, never write it here."""

    command: tuple[str, ...]
    """A program that reads a recording from its standard input and writes what is said to its standard output."""


class @class@Transcriber:
    """Made once with its options; it lives as long as Ompycord runs."""

    def __init__(self, options: @class@Options) -> None:
        self._command = options.command

    async def transcribe(self, recording: AudioRecording) -> str:
        """Its text, empty where nothing is said. Keep nothing. A failure's words are read by people: no secret."""
        try:
            return await self._text_of(recording.data)
        except OSError as error:
            raise TranscriptionFailed(f"The program cannot be started ({error.strerror}).") from error

    async def close(self) -> None:
        """Close connections; this one has none."""

    async def _text_of(self, data: bytes) -> str:
        pipe = asyncio.subprocess.PIPE
        program = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe)
        try:
            text, _ = await program.communicate(data)
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
        if program.returncode:
            raise TranscriptionFailed(f"The program ended with {program.returncode}.")
        return text.decode("utf-8", "replace")


TRANSCRIBER = TranscriberKind(
    name="@name@",
    options=@class@Options,
    transcriber=@class@Transcriber,
    example={"command": [sys.executable, "-c", "import sys; print(len(sys.stdin.buffer.read()), 'bytes')"]},
)
'''
