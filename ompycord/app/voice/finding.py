"""The line of `doctor` about recordings: where they go, or why no draft would come of them."""

from ompycord.app.findings import Finding, fail, ok, warn
from ompycord.app.voice.choosing import made_transcriber, require_known, require_provider
from ompycord.domain.voice.options import SpeechSource
from ompycord.errors import ConfigurationError
from ompycord.settings import Settings
from ompycord.voice.openai import OpenAITranscriber
from ompycord.voice.registry import TRANSCRIBER_KINDS

__all__ = ["voice_finding"]

_PAGE = "docs/how-to/speak-a-task.md."


def voice_finding(settings: Settings) -> list[Finding]:
    """None where no recordings are taken. Asks nobody, and makes the transcriber of a package."""
    options = settings.voice
    if options is None:
        return []
    try:
        require_known(options)
        made = made_transcriber(TRANSCRIBER_KINDS.get(options.kind), options.options)
        if not isinstance(made, OpenAITranscriber):
            return [ok("Voice", f"{options.kind} makes text of recordings")]
        require_provider(settings, made.options)
    except ConfigurationError as error:
        return [fail("Voice", f"{str(error).removesuffix('.')}.", _PAGE)]
    where = f"{made.options.model} of {made.options.provider or 'an address'}"
    if settings.budgets.unknown_prices == "refuse" and not _is_priced(settings, made.options) and _has_limit(settings):
        text = f"{where} makes text of recordings, and no minute of it has a price: limits in dollars refuse each one."
        return [warn("Voice", text, "Add voice.options.minute_usd.")]
    return [ok("Voice", f"{where} makes text of recordings")]


def _is_priced(settings: Settings, source: SpeechSource) -> bool:
    if source.minute_usd is not None or source.provider is None:
        return source.minute_usd is not None
    prices = settings.providers[source.provider].prices.get(source.model)
    return prices is not None and prices.audio_minute is not None


def _has_limit(settings: Settings) -> bool:
    budgets = settings.budgets
    limits = (budgets.person, budgets.server, *budgets.people.values(), *budgets.servers.values())
    return any(one.day_usd is not None or one.month_usd is not None for one in limits)
