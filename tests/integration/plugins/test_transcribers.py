"""A transcriber that another package adds: of the template, broken ones before the rules, and one in its own loop."""

import asyncio
import contextlib
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

from ompycord.app.plugins.template import project_files
from ompycord.app.plugins.transcriber_rules import judge_transcriber
from ompycord.app.system import SystemClock
from ompycord.app.voice import choosing, finding, wiring
from ompycord.app.voice.added import AddedTranscriber
from ompycord.app.voice.finding import voice_finding
from ompycord.app.voice.wiring import voice_of
from ompycord.domain.base import Frozen
from ompycord.domain.voice.recordings import AudioKind, AudioRecording, StatedAudio
from ompycord.entry_points import Registry
from ompycord.errors import ConfigurationError, Refused, TranscriptionFailed
from ompycord.settings import Settings
from ompycord.voice.kind import TranscriberKind
from ompycord.voice.openai import TRANSCRIBER as OPENAI
from tests.support.patience import patient
from tests.support.recordings import wav

SPOKEN = AudioRecording(kind=AudioKind.WAV, duration_ms=1000, data=wav(1))
SECRET = "a key of this test"


class Options(Frozen):
    """Of the transcribers below."""

    key: str = SECRET


class Parrot:
    """Answers what `text` says."""

    text: Any = "Fix the total."

    def __init__(self, options: Options) -> None:
        self.closed = False

    async def transcribe(self, recording: AudioRecording) -> str:
        if isinstance(self.text, BaseException):
            raise self.text
        return self.text

    async def close(self) -> None:
        self.closed = True


class Silent(Parrot):
    text = None


class Raising(Parrot):
    text = RuntimeError(SECRET)


class Leaving(Parrot):
    text = SystemExit(1)


class Telling(Parrot):
    text = TranscriptionFailed(f"No text with {SECRET}.")


class Endless(Parrot):
    """Goes on when it is ended; a second time it ends."""

    async def transcribe(self, recording: AudioRecording) -> str:
        for _ in range(2):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return ""


def record_of(made: type[Parrot]) -> TranscriberKind[Any]:
    return TranscriberKind(name="parrot", options=Options, transcriber=made, example={"key": SECRET})


async def broken(record: TranscriberKind[Any]) -> dict[str, str]:
    return {one.rule: one.why for one in await judge_transcriber(record) if not one.kept}


async def test_the_one_of_the_template_and_ours_keep_every_rule() -> None:
    made = ModuleType("parrot")
    text = project_files("transcriber", "parrot")["ompycord_parrot.py"]
    exec(compile(text, "parrot", "exec"), made.__dict__)  # our text
    assert await broken(made.TRANSCRIBER) == {}
    transcriber = made.TRANSCRIBER.transcriber(made.TRANSCRIBER.options.model_validate(made.TRANSCRIBER.example))
    assert await transcriber.transcribe(SPOKEN) == f"{len(SPOKEN.data)} bytes\n"
    gone = made.TRANSCRIBER.transcriber(made.ParrotOptions(command=("no-such-program-here",)))
    with pytest.raises(TranscriptionFailed, match="cannot be started"):
        await gone.transcribe(SPOKEN)
    assert await broken(OPENAI) == {}
    assert await broken(record_of(Parrot)) == {}


@pytest.mark.parametrize(
    ("made", "rule", "why"),
    [
        (Silent, "answers a recording with a text or a reason", "NoneType"),
        (Raising, "raises nothing else for a recording that is damaged", "RuntimeError"),
        (Leaving, "answers a recording with a text or a reason", "SystemExit"),
        (Telling, "repeats none of its options in a failure", "option key"),
    ],
)
async def test_one_that_breaks_a_rule_is_told_which(made: type[Parrot], rule: str, why: str) -> None:
    assert why in (await broken(record_of(made)))[rule]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Silent, "parrot answered NoneType instead of a text."),
        (Raising, "parrot raised RuntimeError."),
        (Leaving, "parrot raised SystemExit."),
        (Telling, "No text with [redacted]."),
    ],
)
async def test_whatever_its_code_does_is_a_failure_in_words(made: type[Parrot], words: str) -> None:
    added = added_of(made(Options()))
    with pytest.raises(TranscriptionFailed) as failed:
        await added.transcribe(SPOKEN)
    await added.close()
    assert str(failed.value) == words


def added_of(parrot: Parrot, *, timeout_s: float = patient(20)) -> AddedTranscriber:
    return AddedTranscriber(
        name="parrot",
        transcriber=parrot,
        timeout_s=timeout_s,
        clock=SystemClock(),
        redact=lambda text: text.replace(SECRET, "[redacted]"),
    )


async def test_it_works_in_a_loop_of_its_own_and_one_that_never_ends_is_asked_no_more() -> None:
    parrot = Parrot(Options())
    added = added_of(parrot)
    assert await added.transcribe(SPOKEN) == "Fix the total."
    await added.close()
    assert parrot.closed
    endless = added_of(Endless(Options()), timeout_s=0.05)
    for words in ("did not answer within 0.05 s", "has not ended an earlier call"):
        with pytest.raises(TranscriptionFailed, match=words):
            await endless.transcribe(SPOKEN)
    await endless.close()


def settings_of(**voice: Any) -> Any:
    class Infrastructure:
        settings = Settings.model_validate({"voice": voice})
        clock = SystemClock()
        redact = staticmethod(str)

    return Infrastructure


def use(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    found = [("ompycord-parrot", EntryPoint(name="parrot", value=value, group="ompycord.transcribers"))]
    registry: Registry[TranscriberKind[Any]] = Registry(
        group="x", record=TranscriberKind, what="kind of transcriber", declared=found
    )
    for module in (wiring, choosing, finding):
        monkeypatch.setattr(module, "TRANSCRIBER_KINDS", registry)


async def test_one_of_a_package_is_used_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("ompycord_parrot")
    module.TRANSCRIBER = record_of(Parrot)  # pyright: ignore[reportAttributeAccessIssue]  # a module of this test
    monkeypatch.setitem(sys.modules, "ompycord_parrot", module)
    use(monkeypatch, "ompycord_parrot:TRANSCRIBER")
    nothing = cast("Any", None)
    voice = voice_of(settings_of(kind="parrot"), nothing, nothing)
    assert voice is not None
    stated = StatedAudio(size=len(SPOKEN.data))
    assert await voice.dictation.text_of(SPOKEN.data, stated, guild="1", person="2") == "Fix the total."
    assert (voice.line().is_ok, voice.line().text) == (True, "parrot makes text of recordings")
    with pytest.raises(ConfigurationError, match=r"voice\.options\.volume"):
        voice_of(settings_of(kind="parrot", options={"volume": 3}), nothing, nothing)
    with pytest.raises(ConfigurationError, match=r"voice\.kind: no installed package adds the transcriber owl"):
        voice_of(settings_of(kind="owl"), nothing, nothing)


async def test_a_package_that_cannot_be_imported_fails_where_somebody_speaks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ompycord_gone.py").write_text("raise SystemExit('it left')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    use(monkeypatch, "ompycord_gone:TRANSCRIBER")
    nothing = cast("Any", None)
    voice = voice_of(settings_of(kind="parrot"), nothing, nothing)
    assert voice is not None
    assert (voice.line().is_ok, "cannot be imported" in voice.line().text) == (False, True)
    with pytest.raises(Refused) as refused:
        await voice.dictation.text_of(SPOKEN.data, StatedAudio(size=len(SPOKEN.data)), guild="1", person="2")
    assert "parrot of ompycord-parrot cannot be imported" in str(refused.value.facts["why"])
    (found,) = voice_finding(Settings.model_validate({"voice": {"kind": "parrot"}}))
    assert (found.status, "cannot be imported" in found.text) == ("fail", True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "voice.options.model"),
        ({"model": "m"}, "name a provider or an address"),
        ({"model": "m", "provider": "a", "address": "http://127.0.0.1:1"}, "and not both"),
        ({"model": "m", "provider": "a", "key_file": "k"}, "key_file belongs to an address"),
        ({"model": "m", "provider": "nobody"}, "voice.options.provider is none of the providers"),
    ],
)
def test_what_makes_no_text_ends_the_start_in_words(given: dict[str, Any], words: str) -> None:
    nothing = cast("Any", None)
    with pytest.raises(ConfigurationError) as refused:
        voice_of(settings_of(options=given), nothing, nothing)
    assert words in str(refused.value)


HOUSE = {"kind": "compatible", "base_url": "http://127.0.0.1:1/v1", "dialects": ["chat"]}
LIMIT = {"person": {"day_usd": 5}}
AUDIO = {"m": {"input": 0, "output": 0, "audio_minute": "0.006"}}


@pytest.mark.parametrize(
    ("options", "budgets", "provider", "status", "words"),
    [
        ({"provider": "house", "model": "m"}, {}, HOUSE, "ok", "m of house makes text"),
        ({"address": "http://127.0.0.1:1", "model": "m", "minute_usd": 0}, LIMIT, HOUSE, "ok", "m of an address"),
        ({"address": "http://127.0.0.1:1", "model": "m"}, LIMIT, HOUSE, "warn", "no minute of it has a price"),
        ({"provider": "house", "model": "m"}, LIMIT, HOUSE | {"prices": AUDIO}, "ok", "m of house"),
        ({"provider": "house", "model": "m"}, {}, {"kind": "anthropic"}, "fail", "not spoken to as OpenAI's API"),
        ({"model": "m"}, {}, HOUSE, "fail", "name a provider or an address"),
    ],
)
def test_doctor_says_where_recordings_go_or_why_none_becomes_a_draft(
    options: dict[str, Any], budgets: dict[str, Any], provider: dict[str, Any], status: str, words: str
) -> None:
    settings = {"voice": {"options": options}, "budgets": budgets, "providers": {"house": provider}}
    (found,) = voice_finding(Settings.model_validate(settings))
    assert found.status == status
    assert words in found.text


def test_without_the_section_nothing_is_made() -> None:
    class Infrastructure:
        settings = Settings()

    assert voice_of(cast("Any", Infrastructure), cast("Any", None), cast("Any", None)) is None
    assert voice_finding(Settings()) == []
