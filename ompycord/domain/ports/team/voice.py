"""Ports of what people say: who makes text of it, and the ledger of what that costs.

`voice/` implements what the bot asks and one transcriber, `model_gateway/transcription/` its way to a provider, the
store the ledger. Other packages add transcribers (`voice/kind.py`).
"""

from typing import Protocol

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events import Exactness
from ompycord.domain.voice.recordings import AudioRecording, StatedAudio

__all__ = [
    "SpokenTasks",
    "Transcriber",
    "TranscriptionLedger",
    "TranscriptionOpened",
    "TranscriptionRoute",
    "TranscriptionSettled",
]


class SpokenTasks(Protocol):
    """Makes the text of a task out of a recording."""

    @property
    def most_bytes(self) -> int:
        """How large a recording may be."""
        ...

    def require_allowed(self, stated: StatedAudio) -> None:
        """Raise Refused for one that is too large, too long or silent by what is stated, before anything is read."""
        ...

    async def text_of(self, data: bytes, stated: StatedAudio, *, guild: str, person: str) -> str:
        """What is said in it. Raises Refused for what is no recording, is too long, or says nothing; and where no text
        came of it.

        Nothing of it is kept.
        """
        ...


class Transcriber(Protocol):
    """Makes text of recordings, for the life of the process."""

    async def transcribe(self, recording: AudioRecording) -> str:
        """What is said in it; empty where nothing is. Keep nothing of it.

        Raises TranscriptionFailed, whose words people read: no address, no secret, nothing of what was said.
        """
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


class TranscriptionRoute(Protocol):
    """The way to one model, with its keys, prices and limits."""

    @property
    def model(self) -> str:
        """Its name, as the provider has it."""
        ...

    async def send(self, recording: AudioRecording, body: bytes, *, content_type: str) -> bytes:
        """Send a request about a recording, once, and return the whole answer.

        Raises TranscriptionFailed, without the provider's own words.
        """
        ...


class TranscriptionOpened(Frozen):
    """A request for a text that goes out now."""

    id: str
    guild: str
    person: str
    at: Millis
    provider: str
    model: str
    audio_ms: int
    reserved_nano_usd: int | None
    """None where no price is known."""


class TranscriptionSettled(Frozen):
    """What it cost, once it is over."""

    id: str
    at: Millis
    status: int | None
    nano_usd: int | None
    exactness: Exactness


class TranscriptionLedger(Protocol):
    """The ledger of requests for texts; a row is written before its request goes out. Raises StorageError."""

    async def open(self, opened: TranscriptionOpened) -> None:
        """A request goes out."""
        ...

    async def settle(self, settled: TranscriptionSettled) -> None:
        """What it cost; once."""
        ...

    async def settle_open(self, *, at: Millis) -> int:
        """Settle by what was reserved those that were under way when the process ended; how many."""
        ...
