"""Files in which a person is named: text is searched, also where it is packed; compressed bytes are not."""

import gzip
import io
import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
import zstandard

from ompycord.app.team.named_files import NameSearch

ADA = "100000000000000007"
SEARCH = NameSearch([ADA, "Ada"])
NOISE = random.Random(7).randbytes(40_000)


def packed(name: str, text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("noise.bin", NOISE)
        archive.writestr(name, "much text before it " * 500 + text)
    return out.getvalue()


def damaged(text: str) -> bytes:
    """A zip whose member is no LZMA, though it says so; `text` stands behind it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("notes.txt", "something else " * 50)
    content = bytearray(out.getvalue())
    at = 30 + len("notes.txt") + 4  # behind the local header, its name, and the version of LZMA
    content[at : at + 6] = b"\xff" * 6
    return bytes(content) + b"\0" * 20 + text.encode()


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """As PNG 1.2 has them: length, kind, content, CRC."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    whole = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b""))
    parts = (struct.pack(">I", len(c)) + kind + c + struct.pack(">I", zlib.crc32(kind + c)) for kind, c in whole)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


CONTENTS = [
    (b"Ask Ada about it.", True),
    (b"Adapt the cart", False),
    ("Für Ada: é".encode(), True),
    (packed("notes.txt", "Ask Ada."), True),
    (packed("for Ada.txt", ""), True),
    (packed("notes.txt", "Adapt it."), False),
    (packed("notes.txt", "nothing") + b" Ada ", False),
    (damaged("written by Ada for all"), True),
    ("\u201cAda\u201d".encode(), True),
    ("asked\u2013Ada\u2014twice".encode(), True),
    ("\u300cAda\u300d".encode(), True),
    ("\u00e9Ada\u00e9".encode(), False),
    (gzip.compress(b"says Ada", mtime=0), True),
    (gzip.compress(NOISE, mtime=0) + b" Ada ", False),
    (zstandard.compress(b"says Ada"), True),
    (png((b"tEXt", b"Author\0Ada")), True),
    (png((b"zTXt", b"Author\0\0" + zlib.compress(b"by Ada"))), True),
    (png((b"iTXt", b"Author\0\1\0\0\0" + zlib.compress(b"by Ada"))), True),
    (png((b"IDAT", b"\x01\x02 Ada \x03")), False),
    (b"\0\xff" * 100 + b"\x01Ada\x02" + b"\0" * 100, False),
    (b"\0\xff" * 100 + b"\0written by Ada for all\0", True),
    (b"\0\xff" * 100 + b"\x01" + ADA.encode() + b"\x02", True),
    (b"PK\x03\x04 is no archive, says Ada, and \0 is in it", True),
]


@pytest.mark.parametrize(("content", "is_named"), CONTENTS, ids=range(len(CONTENTS)))
def test_a_file_names_a_person_where_a_reader_would_find_it(tmp_path: Path, content: bytes, is_named: bool) -> None:
    file = tmp_path / "attached"
    file.write_bytes(content)
    assert SEARCH.finds(file) is is_named


def test_a_name_is_found_across_the_pieces_in_which_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "long"
    for at in range(1024 * 1024 - 10, 1024 * 1024 + 2):
        for name in (b"-Ada-", "\u201cAda\u201d".encode()):
            file.write_bytes(b"-" * at + name + b"-" * 50)
            assert SEARCH.finds(file), (at, name)
        file.write_bytes(b"-" * at + "\u00e9Ada\u00e9".encode() + b"-" * 50)
        assert not SEARCH.finds(file), at


def test_what_unpacks_to_more_than_is_looked_at_ends(tmp_path: Path) -> None:
    file = tmp_path / "bomb.gz"
    file.write_bytes(gzip.compress(bytes(80 * 1024 * 1024), compresslevel=1) + gzip.compress(b"Ada"))
    assert not SEARCH.finds(file)


def test_what_is_no_file_or_cannot_be_read_names_no_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"Ada")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert not SEARCH.finds(tmp_path / "link")
    assert not SEARCH.finds(tmp_path / "gone")
