"""The contract of a transcriber, rule by rule: what Ompycord relies on, tried with the options of its example.

Counterpart of `notifier_rules.py`. What a text says is not judged: there is no speech in these recordings.
"""

import asyncio
import math
import struct
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, cast

from ompycord.app.conformance import RuleVerdict
from ompycord.app.plugins.judging import Broken, judged_by_example, require_unrepeated, why_broken
from ompycord.domain.ports import Transcriber
from ompycord.domain.voice.recordings import AudioKind, AudioRecording
from ompycord.errors import TranscriptionFailed
from ompycord.voice.kind import TranscriberKind

__all__ = ["judge_transcriber"]

_WAIT_S: Final = 120.0
"""What a text may take, as in the product where nothing else is set."""
_CANCEL_S: Final = 5.0
_RULE_S: Final = 400.0
"""What a rule may take: each of its recordings as long as a text may."""
_RATE: Final = 8000

Rule = Callable[[TranscriberKind[Any], Mapping[str, Any]], Awaitable[None]]


async def judge_transcriber(record: TranscriberKind[Any]) -> list[RuleVerdict]:
    """Every rule's verdict, in order. The transcriber's code runs here, and sends where its example says."""
    return [await judged_by_example(rule, record, wait_s=_RULE_S) for rule in _RULES]


async def is_made_with_its_example_and_closed(record: TranscriberKind[Any], example: Mapping[str, Any]) -> None:
    await _made(record, example).close()


async def answers_a_recording_with_a_text_or_a_reason(record: TranscriberKind[Any], example: Mapping[str, Any]) -> None:
    transcriber = _made(record, example)
    for loudness in (8000, 0):
        await _text_of(transcriber, _recording(loudness))
    await transcriber.close()


async def raises_nothing_else_for_a_recording_that_is_damaged(
    record: TranscriberKind[Any], example: Mapping[str, Any]
) -> None:
    transcriber = _made(record, example)
    for kind in AudioKind:
        await _text_of(transcriber, AudioRecording(kind=kind, duration_ms=1000, data=b"no recording at all"))
    await transcriber.close()


async def repeats_none_of_its_options_in_a_failure(record: TranscriberKind[Any], example: Mapping[str, Any]) -> None:
    transcriber = _made(record, example)
    failures = [await _text_of(transcriber, one) for one in (_recording(8000), _recording(0))]
    await transcriber.close()
    why = "its failure repeats the option {key}: people read it, and it may hold a secret"
    require_unrepeated(example, "\n".join(one for one in failures if one is not None), why)


async def ends_soon_when_it_is_cancelled(record: TranscriberKind[Any], example: Mapping[str, Any]) -> None:
    why = await why_broken(partial(_cancelled, record, example), wait_s=_CANCEL_S)
    if why is not None:
        raise Broken(why)


async def _cancelled(record: TranscriberKind[Any], example: Mapping[str, Any]) -> None:
    transcriber = _made(record, example)
    async with asyncio.TaskGroup() as group:
        working = group.create_task(_text_of(transcriber, _recording(8000)))
        await asyncio.sleep(0)
        working.cancel()
    await transcriber.close()


_RULES: Final[tuple[Rule, ...]] = (
    is_made_with_its_example_and_closed,
    answers_a_recording_with_a_text_or_a_reason,
    raises_nothing_else_for_a_recording_that_is_damaged,
    repeats_none_of_its_options_in_a_failure,
    ends_soon_when_it_is_cancelled,
)


def _made(record: TranscriberKind[Any], example: Mapping[str, Any]) -> Transcriber:
    return record.transcriber(record.options.model_validate(example))


def _recording(loudness: int) -> AudioRecording:
    """A second of a tone, or of silence, as WAV."""
    samples = struct.pack(f"<{_RATE}h", *(round(loudness * math.sin(n / 3)) for n in range(_RATE)))
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", len(samples)) + samples
    data = struct.pack("<4sI", b"RIFF", len(body)) + body
    return AudioRecording(kind=AudioKind.WAV, duration_ms=1000, data=data)


async def _text_of(transcriber: Transcriber, recording: AudioRecording) -> str | None:
    """Why there is no text; None where there is one."""
    try:
        async with asyncio.timeout(_WAIT_S):
            text = cast("object", await transcriber.transcribe(recording))
    except TimeoutError:
        raise Broken(f"one recording took it longer than {_WAIT_S:.0f} s") from None
    except TranscriptionFailed as failed:
        return str(failed)
    if not isinstance(text, str):
        raise Broken(f"it answers {type(text).__name__} instead of a text")
    return None
