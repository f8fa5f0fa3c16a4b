"""From `voice` of the settings to what the bot asks for the text of a recording."""

import asyncio
from decimal import Decimal

from ompycord.app.models.own_targets import OwnSource, own_target
from ompycord.app.voice.added import AddedTranscriber
from ompycord.app.voice.choosing import made_transcriber, require_known, require_provider
from ompycord.app.wiring.parts import Areas, Infrastructure
from ompycord.bot.lookups import HealthLine
from ompycord.domain.ports import Transcriber
from ompycord.domain.voice.options import SpeechSource, VoiceOptions
from ompycord.domain.voice.recordings import AudioRecording
from ompycord.errors import ConfigurationError, TranscriptionFailed
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.model_gateway.price import TokenPrices
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.model_gateway.transcription.route import GatewayTranscriptionRoute
from ompycord.telemetry import get_logger
from ompycord.voice.dictation import Dictation
from ompycord.voice.openai import OpenAITranscriber
from ompycord.voice.registry import TRANSCRIBER_KINDS

__all__ = ["Voice", "voice_of"]


log = get_logger(__name__)


class BrokenTranscriber:
    """Implements `Transcriber` where a package is broken: it says so to who speaks."""

    def __init__(self, why: str) -> None:
        self.why = why

    async def transcribe(self, recording: AudioRecording) -> str:
        raise TranscriptionFailed(self.why)

    async def close(self) -> None:
        """Nothing is open."""


class Voice:
    """What makes drafts of recordings. `run` is a service of the process: it closes the transcriber at its end."""

    def __init__(self, options: VoiceOptions, transcriber: Transcriber) -> None:
        self.dictation = Dictation(options=options, transcriber=transcriber)
        self._kind = options.kind
        self._transcriber = transcriber

    def line(self) -> HealthLine:
        """The line of `/omp health`. A text that did not come is its person's affair, who was told why."""
        fault = self._transcriber.why if isinstance(self._transcriber, BrokenTranscriber) else None
        return HealthLine(name="Voice", is_ok=fault is None, text=fault or f"{self._kind} makes text of recordings")

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._transcriber.close()


def voice_of(infrastructure: Infrastructure, areas: Areas, gateway: ModelGateway) -> Voice | None:
    """None where recordings are not taken. Raises ConfigurationError, which names a key and repeats no value."""
    options = infrastructure.settings.voice
    if options is None:
        return None
    require_known(options)
    try:
        kind = TRANSCRIBER_KINDS.get(options.kind)
    except ConfigurationError as broken:  # a package that cannot be imported is no reason not to start
        log.error("voice.broken", cause=str(broken))  # noqa: TRY400  # the words name the package and the cause
        return Voice(options, BrokenTranscriber(str(broken)))
    made = made_transcriber(kind, options.options)
    if isinstance(made, OpenAITranscriber):
        made.use(_route_of(infrastructure, areas, gateway, made.options, options.timeout_s))
        return Voice(options, made)
    added = AddedTranscriber(
        name=options.kind,
        transcriber=made,
        timeout_s=options.timeout_s,
        clock=infrastructure.clock,
        redact=infrastructure.redact,
    )
    return Voice(options, added)


def _route_of(
    infrastructure: Infrastructure, areas: Areas, gateway: ModelGateway, source: SpeechSource, timeout_s: float
) -> GatewayTranscriptionRoute:
    require_provider(infrastructure.settings, source)

    def prices_of(spec: ProviderSpec, model: str) -> TokenPrices | None:
        if source.minute_usd is not None:
            return TokenPrices(input=Decimal(0), output=Decimal(0), audio_minute=source.minute_usd)
        known = spec.prices.get(model)
        return None if known is None or known.audio_minute is None else known

    where = OwnSource(
        setting="voice.options",
        secret="voice",  # noqa: S106  # a file's name
        ending="/audio/transcriptions",
        provider=source.provider,
        address=source.address,
        key_file=source.key_file,
    )
    return GatewayTranscriptionRoute(
        target=own_target(infrastructure, gateway, where, prices_of),
        model=source.model,
        timeout_s=timeout_s,
        gateway=gateway,
        ledger=infrastructure.store.transcription_requests,
        accounts=areas.shared_budgets.accounts.of,
        ids=infrastructure.ids,
    )
