"""The transcriber that `voice` of the settings names, made with its options; counterpart of `wiring.py`."""

from typing import Any

from pydantic import ValidationError

from ompycord.domain.ports import Transcriber
from ompycord.domain.voice.options import SpeechSource, VoiceOptions
from ompycord.errors import ConfigurationError
from ompycord.model_gateway.dialects import Dialect
from ompycord.settings import Settings
from ompycord.voice.kind import TranscriberKind
from ompycord.voice.registry import TRANSCRIBER_KINDS

__all__ = ["made_transcriber", "require_known", "require_provider"]


def require_known(options: VoiceOptions) -> None:
    """Raises ConfigurationError where no package adds its kind."""
    if options.kind not in TRANSCRIBER_KINDS.names:
        known = ", ".join(TRANSCRIBER_KINDS.names)
        raise ConfigurationError(
            f"voice.kind: no installed package adds the transcriber {options.kind}; installed: {known}"
        )


def made_transcriber(kind: TranscriberKind[Any], given: dict[str, Any]) -> Transcriber:
    """Raises ConfigurationError, which names a key and repeats no value."""
    try:
        options = kind.options.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, ("voice.options", *found["loc"])))
        raise ConfigurationError(f"{where}: {found['msg']}") from None
    try:
        return kind.transcriber(options)
    except (Exception, SystemExit) as error:  # code that is not ours may raise anything
        raise ConfigurationError(
            f"voice: its transcriber cannot be made ({type(error).__name__}). `ompycord plugin check {kind.name}` "
            "tries it"
        ) from error


def require_provider(settings: Settings, source: SpeechSource) -> None:
    """Raises ConfigurationError where it names a provider that is not there, or has nothing of the sort."""
    if source.provider is None:
        return
    spec = settings.providers.get(source.provider)
    if spec is None:
        raise ConfigurationError("voice.options.provider is none of the providers that are configured")
    if Dialect.CHAT not in spec.spoken:
        raise ConfigurationError(
            f"voice.options.provider: {spec.name} is not spoken to as OpenAI's API, which alone has "
            "/audio/transcriptions: name another one, or an address"
        )
