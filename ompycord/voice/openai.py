"""The transcriber `openai`: it asks as OpenAI's `/audio/transcriptions` is asked, which many servers copy.

https://platform.openai.com/docs/api-reference/audio/createTranscription. Its counterpart is
`model_gateway/transcription/`, the way on which it asks.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, cast

from pydantic import StringConstraints
from pydantic_core import from_json

from ompycord.domain.ports.team.voice import TranscriptionRoute
from ompycord.domain.voice.options import SpeechSource
from ompycord.domain.voice.recordings import AudioRecording
from ompycord.errors import TranscriptionFailed
from ompycord.voice.kind import TranscriberKind

__all__ = ["TRANSCRIBER", "OpenAIOptions", "OpenAITranscriber", "multipart", "read_answer"]

_NO_SPEECH: Final = 0.6
_UNLIKELY: Final = -1.0
"""A piece is taken as silence above the first and below the second, as Whisper itself does (its `transcribe.py`)."""
_WITH_PIECES: Final = "whisper"
"""Models with this in their names say of each piece how likely it is that nobody spoke."""

Json = Mapping[str, Any]


class OpenAIOptions(SpeechSource):
    """Options of `voice.options` with `kind: openai`."""

    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] | None = None
    """In which people speak, as ISO 639-1 has it; left out: the model finds it out."""
    response: Literal["json", "verbose_json"] | None = None
    """How it answers; left out: `verbose_json` for models whose name has *whisper* in it, else `json`."""

    @property
    def format(self) -> str:
        """How it is asked to answer."""
        return self.response or ("verbose_json" if _WITH_PIECES in self.model.lower() else "json")


class OpenAITranscriber:
    """Implements `Transcriber`. It answers once it has a way."""

    def __init__(self, options: OpenAIOptions) -> None:
        self.options = options
        self._route: TranscriptionRoute | None = None

    def use(self, route: TranscriptionRoute) -> None:
        """Ask on this way from now on."""
        self._route = route

    async def transcribe(self, recording: AudioRecording) -> str:
        """See the port."""
        if self._route is None:
            raise TranscriptionFailed("Models are asked by `ompycord up` alone.")
        fields = {"model": self.options.model, "response_format": self.options.format}
        if self.options.language is not None:
            fields["language"] = self.options.language
        if self.options.format == "verbose_json":
            fields["timestamp_granularities[]"] = "segment"
        body, content_type = multipart(fields, recording)
        return read_answer(await self._route.send(recording, body, content_type=content_type))

    async def close(self) -> None:
        """The way is the gateway's."""


TRANSCRIBER = TranscriberKind(
    name="openai",
    options=OpenAIOptions,
    transcriber=OpenAITranscriber,
    example={"address": "http://127.0.0.1:9/v1", "model": "whisper-1"},
)


def multipart(fields: Mapping[str, str], recording: AudioRecording) -> tuple[bytes, str]:
    """A form with these fields and the recording as its file, and its content type (RFC 7578).

    The boundary is a hash of the recording, which therefore does not hold it.
    """
    boundary = f"ompycord-{hashlib.sha256(recording.data).hexdigest()[:32]}"
    parts = [
        f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="{recording.name}"\r\n'
        f"content-type: {recording.kind.media_type}\r\n\r\n"
    )
    body = b"".join((*parts, head.encode(), recording.data, f"\r\n--{boundary}--\r\n".encode()))
    return body, f"multipart/form-data; boundary={boundary}"


def read_answer(body: bytes) -> str:
    """The text, without what a model made up where nobody spoke. Raises TranscriptionFailed for what is no answer."""
    try:
        answer = from_json(body)
    except ValueError:
        raise TranscriptionFailed("The answer was no JSON.") from None
    text = cast("Json", answer).get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise TranscriptionFailed("The answer holds no text.")
    pieces = cast("Json", answer).get("segments")
    if not isinstance(pieces, list):
        return text
    known = [cast("Json", one) for one in cast("Sequence[object]", pieces) if isinstance(one, dict)]
    if not any(map(_is_silence, known)):
        return text
    return "".join(str(one.get("text", "")) for one in known if not _is_silence(one))


def _is_silence(piece: Json) -> bool:
    no_speech, likely = piece.get("no_speech_prob"), piece.get("avg_logprob")
    if not isinstance(no_speech, int | float) or not isinstance(likely, int | float):
        return False
    return no_speech > _NO_SPEECH and likely < _UNLIKELY
