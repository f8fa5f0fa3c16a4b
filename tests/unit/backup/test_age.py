"""Files of age: what is written is opened by the key alone, whole, in its order; a key is a line as age writes it."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ompycord.backup.age.bech32 import decoded, encoded
from ompycord.backup.age.encryption import Encrypting, NotAuthentic, decrypted, decrypted_size, encrypted
from ompycord.backup.age.keys import BackupKey, KeyFile
from ompycord.backup.manifest import BackupError

IDENTITY = "AGE-SECRET-KEY-12HRKAGYYF6KPRS3T2LY6738RF0EQ88ZAJHLHTFEL6Q3WRV2X6PYSD5XVC3"
RECIPIENT = "age1k2d8t9h6gjsk5tpxjrkwpa02vva83fuuke6arhuvdjmk7ekmgczsm77lwr"
"""Both as another implementation of age wrote them, a key for nothing but this."""
KEY = BackupKey.parse(IDENTITY)
PIECE = 64 * 1024


def read(stored: bytes, key: BackupKey = KEY) -> bytes:
    return decrypted(io.BytesIO(stored), key).read()


def test_a_key_is_the_line_that_age_writes_and_has_its_recipient() -> None:
    assert KEY.text == IDENTITY
    assert encoded("age", KEY.public) == RECIPIENT
    assert decoded("age", RECIPIENT) == KEY.public
    assert IDENTITY not in repr(KEY)


@pytest.mark.parametrize(
    "line",
    [
        RECIPIENT,
        IDENTITY[:-1] + ("Q" if IDENTITY[-1] != "Q" else "P"),
        IDENTITY.lower()[:20] + IDENTITY[20:],
        encoded("age-secret-key-", bytes(31)),
        "AGE-SECRET-KEY-1",
        "ключ",
    ],
)
def test_what_is_no_key_is_refused_and_never_repeated(line: str) -> None:
    with pytest.raises(ValueError, match=r"^[a-z ]+$") as refused:
        BackupKey.parse(line)
    assert line not in str(refused.value)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7])
def test_each_size_comes_back_and_is_known_from_the_file(size: int) -> None:
    content = os.urandom(size)
    stored = encrypted(KEY, content)
    assert read(stored) == content
    assert decrypted_size(len(stored)) == size
    assert size < PIECE - 1 or content[:64] not in stored


@given(parts=st.lists(st.binary(max_size=PIECE + 100), max_size=6))
@settings(max_examples=20, deadline=None)
def test_it_does_not_matter_in_which_parts_it_was_written(parts: list[bytes]) -> None:
    encrypting = Encrypting(KEY)
    stored = b"".join(map(encrypting.compress, parts)) + encrypting.flush()
    assert read(stored) == b"".join(parts)


def test_what_was_cut_off_anywhere_is_not_opened() -> None:
    stored = encrypted(KEY, os.urandom(2 * PIECE + 100))
    head = len(encrypted(KEY, b"")) - 16
    whole_piece = PIECE + 16
    for length in {0, 1, head - 1, head, head + whole_piece, head + 2 * whole_piece, len(stored) - 1}:
        with pytest.raises(NotAuthentic):
            read(stored[:length])
    with pytest.raises(NotAuthentic):
        read(stored + b"\0")


def test_pieces_that_changed_places_or_came_twice_are_not_opened() -> None:
    stored = encrypted(KEY, bytes(2 * PIECE) + b"end")
    head = len(encrypted(KEY, b"")) - 16
    pieces = [stored[at : at + PIECE + 16] for at in range(head, len(stored), PIECE + 16)]
    for order in ((1, 0, 2), (0, 0, 1, 2), (1, 2), (0, 2)):
        with pytest.raises(NotAuthentic):
            read(stored[:head] + b"".join(pieces[one] for one in order))


@given(at=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
@settings(max_examples=60, deadline=None)
def test_one_changed_bit_anywhere_is_not_opened(at: int, bit: int) -> None:
    stored = bytearray(encrypted(KEY, b"some words"))
    stored[at % len(stored)] ^= 1 << bit
    with pytest.raises(NotAuthentic):
        read(bytes(stored))


def test_another_key_opens_nothing_and_the_same_is_stored_differently_each_time() -> None:
    assert encrypted(KEY, b"x") != encrypted(KEY, b"x")
    with pytest.raises(NotAuthentic):
        read(encrypted(KEY, b"x"), BackupKey(bytes(range(32))))


def test_names_of_contents_tell_nothing_without_the_key() -> None:
    other = BackupKey(bytes(range(32)))
    assert KEY.name_of("a" * 64) == BackupKey.parse(IDENTITY).name_of("a" * 64)
    assert len({KEY.name_of("a" * 64), KEY.name_of("b" * 64), other.name_of("a" * 64)}) == 3


def test_a_new_key_comes_before_those_that_are_there(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "key")
    first, none = file.add()
    second, earlier = file.add()
    assert (none, [one.id for one in earlier]) == ((), [first.id])
    both = file.keys()
    assert [one.text for one in both] == [second.text, first.text]
    assert file.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        (f"# mine\r\n{IDENTITY}\r\n", 0o640, "Others can read the key of backups: `chmod 600 "),
        (f"{IDENTITY}\n{IDENTITY[:-1]}\n", 0o600, "Line 2 of "),
        ("# nothing\n", 0o600, " holds no key: put a copy of the key of backups there."),
        ("#" * 70_000, 0o600, " is no file of keys: it is larger than 64 KiB."),
        (None, 0, "cannot be read (No such file or directory): put its copy there"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_and_never_shown(
    tmp_path: Path, content: str | None, mode: int, words: str
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(BackupError) as refused:
        KeyFile(path).keys()
    assert words in str(refused.value)
    assert IDENTITY[:-1] not in str(refused.value)
