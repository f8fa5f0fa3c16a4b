"""What a recording is, by its bytes: kind and length; and no bytes at all raise anything."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.domain.voice.recordings import AudioKind
from ompycord.voice.sound.found import FoundSound
from ompycord.voice.sound.reading import ReadSound, read_sound
from tests.support.recordings import m4a, mp3, ogg, vorbis, wav

TAG = b"ID3\x04\0\0\0\0\x01\0" + bytes(128)
MADE = {"ogg": ogg(2), "vorbis": vorbis(2), "wav": wav(2), "mp3": mp3(2), "tagged mp3": mp3(2, tag=TAG), "m4a": m4a(2)}


def found_in(data: bytes) -> FoundSound:
    read = read_sound(data)
    assert read is not None
    assert read.found is not None
    return read.found


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        ("ogg", AudioKind.OGG),
        ("vorbis", AudioKind.OGG),
        ("wav", AudioKind.WAV),
        ("mp3", AudioKind.MP3),
        ("tagged mp3", AudioKind.MP3),
        ("m4a", AudioKind.MP4),
    ],
)
def test_a_recording_is_known_by_its_bytes_with_its_length(made: str, kind: AudioKind) -> None:
    read = read_sound(MADE[made])
    assert read is not None
    assert read.kind is kind
    assert found_in(MADE[made]).duration_ms == pytest.approx(2000, abs=30)
    assert found_in(MADE[made]).is_silent is False


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Fix the total",
        b"\x89PNG\r\n\x1a\n",
        b"\x1aE\xdf\xa3webm",
        b"RIFF\0\0\0\0AVI LIST",
        b"\xff\xf1\x50\x80" + bytes(600),  # AAC with ADTS, which begins as MPEG does
        b"\xff\xfb\x90\x00" + bytes(600),  # one frame and then something else
    ],
)
def test_what_is_no_recording_is_none(data: bytes) -> None:
    assert read_sound(data) is None


@pytest.mark.parametrize(
    "data",
    [
        ogg(2, head=b"\x80theora" + bytes(40)),
        ogg(2)[:200] + b"x" + ogg(2)[200:],
        m4a(2, handler=b"vide"),
        m4a(0),
        wav(2)[:30],
        wav(2).replace(struct.pack("<H", 1) + struct.pack("<H", 1), bytes(4), 1).replace(b"fmt ", b"xmt "),
        b"ID3\x04\0\0\0\0\x01\0" + bytes(3000),
        mp3(1) + b"junk" * 1000 + mp3(9),
    ],
)
def test_a_broken_one_has_a_kind_and_no_length(data: bytes) -> None:
    assert isinstance(read := read_sound(data), ReadSound)
    assert read.found is None


def test_streams_one_after_the_other_are_as_long_as_all_of_them() -> None:
    assert found_in(ogg(2) + ogg(3, serial=7)).duration_ms == 5000
    assert found_in(ogg(2) + ogg(3, serial=8)).duration_ms == 5000


def test_a_tag_behind_the_sound_is_no_damage_and_a_cut_file_has_what_is_there() -> None:
    assert found_in(mp3(2) + b"TAG" + bytes(125)).duration_ms == pytest.approx(2000, abs=30)
    assert found_in(wav(2)[: len(wav(2)) // 2]).duration_ms == pytest.approx(1000, abs=10)


def test_silence_is_seen_where_it_can_be() -> None:
    assert found_in(wav(1, loud=0)).is_silent is True
    assert found_in(wav(1, loud=20)).is_silent is True
    assert found_in(ogg(3, packet=3)).is_silent is True
    assert found_in(ogg(3, packet=3) + ogg(1, packet=60, serial=8)).is_silent is False
    assert found_in(vorbis(1)).is_silent is False


STARTS = [data[:size] for data in MADE.values() for size in (4, 12, 60, 400)]


@given(start=st.sampled_from([b"", *STARTS]), rest=st.binary(max_size=400), at=st.integers(0, 400))
def test_no_bytes_raise_anything(start: bytes, rest: bytes, at: int) -> None:
    for data in (start + rest, start[:at] + rest + start[at:]):
        read = read_sound(data)
        if read is not None and read.found is not None:
            assert read.found.duration_ms >= 0
