"""How `/audio/transcriptions` is asked, and what is read of its answer."""

import json

import pytest

from ompycord.domain.voice.recordings import AudioKind, AudioRecording
from ompycord.errors import TranscriptionFailed
from ompycord.voice.openai import OpenAIOptions, OpenAITranscriber, multipart, read_answer
from tests.support.recordings import sent_form, wav
from tests.support.stub_provider import Asked

SPOKEN = AudioRecording(kind=AudioKind.WAV, duration_ms=1000, data=wav(1))


def test_another_reader_finds_the_fields_and_the_bytes() -> None:
    body, content_type = multipart({"model": "whisper-1", "language": "en"}, SPOKEN)
    form = sent_form(Asked(path="", query="", headers={"content-type": content_type}, body=body))
    assert form.fields == {"model": "whisper-1", "language": "en"}
    assert (form.name, form.media_type, form.content) == ("recording.wav", "audio/wav", SPOKEN.data)


def test_the_bytes_stand_in_no_representation() -> None:
    assert "data" not in repr(SPOKEN)
    assert "RIFF" not in repr(SPOKEN)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"text": 3}', b'{"text": null}'])
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(TranscriptionFailed):
        read_answer(body)


def test_what_a_model_made_up_in_silence_is_left_out() -> None:
    spoken = {"text": " Fix the total.", "no_speech_prob": 0.1, "avg_logprob": -0.2}
    likely = {"text": " Thanks.", "no_speech_prob": 0.9, "avg_logprob": -0.3}
    made_up = {"text": " Thank you for watching!", "no_speech_prob": 0.9, "avg_logprob": -1.4}
    answer = {"text": "Fix the total. Thank you for watching! Thanks.", "segments": [spoken, made_up, likely]}
    assert read_answer(json.dumps(answer).encode()) == " Fix the total. Thanks."
    assert read_answer(json.dumps({"text": "x", "segments": [made_up]}).encode()) == ""
    assert read_answer(json.dumps({"text": "x", "segments": [{"id": 1}, 3, spoken]}).encode()) == "x"
    assert read_answer(b'{"text": "x", "segments": null}') == "x"


@pytest.mark.parametrize(
    ("given", "format_"),
    [
        ({"model": "whisper-1"}, "verbose_json"),
        ({"model": "Systran/faster-Whisper-small"}, "verbose_json"),
        ({"model": "gpt-4o-transcribe"}, "json"),
        ({"model": "whisper-1", "response": "json"}, "json"),
    ],
)
def test_pieces_are_asked_for_where_a_model_has_them(given: dict[str, str], format_: str) -> None:
    assert OpenAIOptions.model_validate({"provider": "openai", **given}).format == format_


async def test_without_a_way_it_says_so() -> None:
    transcriber = OpenAITranscriber(OpenAIOptions(provider="openai", model="whisper-1"))
    with pytest.raises(TranscriptionFailed, match="ompycord up"):
        await transcriber.transcribe(SPOKEN)
