"""How gateway frames are written: what a zlib or zstd reader gets back is what was sent."""

import zlib

import pytest

from ompycord.playground.gateway.packing import Text, UnsupportedError, ZstdStream, packing_for

FRAMES = (b'{"op":10}', "ü".encode() * 200_000, b'{"op":0}')


def test_text_is_the_default() -> None:
    assert packing_for({}).pack(b'{"op":10}') == '{"op":10}'
    assert isinstance(packing_for({"v": "9", "encoding": "json"}), Text)


def test_a_zlib_stream_gives_each_frame_as_it_comes() -> None:
    packing, reader = packing_for({"compress": "zlib-stream"}), zlib.decompressobj()
    for frame in FRAMES:
        packed = packing.pack(frame)
        assert isinstance(packed, bytes)
        assert packed.endswith(b"\x00\x00\xff\xff")  # what client libraries wait for before they read
        assert reader.decompress(packed) == frame


def test_a_zstd_stream_is_one_frame_of_raw_blocks() -> None:
    packing = packing_for({"compress": "zstd-stream"})
    assert isinstance(packing, ZstdStream)
    packed = [packing.pack(frame) for frame in FRAMES]
    assert all(isinstance(item, bytes) for item in packed)
    first = bytes.fromhex("28b52ffd0038") + bytes([len(FRAMES[0]) << 3, 0, 0]) + FRAMES[0]
    assert packed[0] == first
    assert [_raw_blocks(bytes(item, "ascii") if isinstance(item, str) else item) for item in packed[1:]] == [
        [131072, 131072, 131072, 400_000 - 3 * 131072],
        [8],
    ]


def _raw_blocks(packed: bytes) -> list[int]:
    """The sizes of the blocks (RFC 8878, 3.1.1.2); each is raw and none the last."""
    sizes: list[int] = []
    while packed:
        header = int.from_bytes(packed[:3], "little")
        assert header & 0b111 == 0
        sizes.append(header >> 3)
        packed = packed[3 + sizes[-1] :]
    return sizes


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"encoding": "etf"}, "encoding=etf"),
        ({"encoding": "etf", "compress": "zlib-stream"}, "encoding=etf"),
        ({"compress": "br"}, "compress=br"),
        ({"v": "8"}, "v=8"),
        ({"encoding": "x" * 500}, "encoding=x"),
    ],
)
def test_what_is_not_spoken_is_named_in_a_close_reason_that_fits(query: dict[str, str], words: str) -> None:
    with pytest.raises(UnsupportedError, match=words) as refused:
        packing_for(query)
    assert len(str(refused.value).encode()) <= 123  # RFC 6455, 5.5.1: a close frame's reason
