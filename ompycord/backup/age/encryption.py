"""Bytes into a file of age and out of it, as a stream: a header that wraps the file's own key, then pieces of 64 KiB.

Each piece is authenticated with its number and whether it is the last, so that none can be changed, moved or cut off.
https://github.com/C2SP/C2SP/blob/main/age.md
"""

import base64
import binascii
import io
import os
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO, Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ompycord.backup.age.keys import BackupKey

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Encrypting", "NotAuthentic", "decrypted", "decrypted_size", "encrypted"]

_VERSION: Final = b"age-encryption.org/v1\n"
_X25519: Final = b"-> X25519 "
_MAC: Final = b"---"
_WRAP: Final = b"age-encryption.org/v1/X25519"
_PIECE: Final = 64 * 1024
_TAG: Final = 16
_NONCE: Final = 16
_FILE_KEY: Final = 16
_HEADER: Final = len(_VERSION) + len(_X25519) + 43 + 1 + 43 + 1 + len(_MAC) + 1 + 43 + 1
"""Bytes of a header of ours: 32 bytes are 43 characters."""
_MOST_HEADER: Final = 64 * 1024
_ZERO: Final = bytes(12)


class NotAuthentic(Exception):
    """Not what was written with this key: changed, cut off, or of another one. Who catches it names the file."""


class Encrypting:
    """What `zstandard.compressobj` is to compression: pieces in, bytes of the file out."""

    def __init__(self, key: BackupKey) -> None:
        file_key, nonce = os.urandom(_FILE_KEY), os.urandom(_NONCE)
        self._waiting = bytearray(_header(key, file_key) + nonce)
        self._plain = bytearray()
        self._cipher = ChaCha20Poly1305(_derived(file_key, salt=nonce, info=b"payload"))
        self._number = 0

    def compress(self, part: bytes) -> bytes:
        """A piece more; what can be written by now."""
        self._plain += part
        while len(self._plain) > _PIECE:  # the last one is told apart, so one stays until more comes
            self._encrypt(bytes(self._plain[:_PIECE]), is_last=False)
            del self._plain[:_PIECE]
        return self._taken()

    def flush(self) -> bytes:
        """The end of the file."""
        self._encrypt(bytes(self._plain), is_last=True)
        self._plain.clear()
        return self._taken()

    def _encrypt(self, piece: bytes, *, is_last: bool) -> None:
        self._waiting += self._cipher.encrypt(_piece_nonce(self._number, is_last=is_last), piece, None)
        self._number += 1

    def _taken(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def decrypted(file: BinaryIO, key: BackupKey) -> io.BufferedReader:
    """A file of age as a file of its content. It and its reading raise NotAuthentic, OSError."""
    return io.BufferedReader(_Decrypting(file, key), _PIECE)


class _Decrypting(io.RawIOBase):
    def __init__(self, file: BinaryIO, key: BackupKey) -> None:
        file_key = _file_key(file, key)
        nonce = file.read(_NONCE)
        if len(nonce) != _NONCE:
            raise NotAuthentic
        self._pieces = _pieces(file, ChaCha20Poly1305(_derived(file_key, salt=nonce, info=b"payload")))
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        self._rest = self._rest or next(self._pieces, b"")
        into = memoryview(buffer)
        size = min(len(into), len(self._rest))
        into[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def encrypted(key: BackupKey, content: bytes) -> bytes:
    """A small file at once."""
    encrypting = Encrypting(key)
    return encrypting.compress(content) + encrypting.flush()


def decrypted_size(size: int) -> int:
    """How many bytes are in a file of ours of `size` bytes; -1 where it is no whole file."""
    payload = size - _HEADER - _NONCE
    pieces = -(-payload // (_PIECE + _TAG))
    return payload - pieces * _TAG if pieces > 0 and payload >= _TAG else -1


def _header(key: BackupKey, file_key: bytes) -> bytes:
    once = X25519PrivateKey.generate()
    share = once.public_key().public_bytes_raw()
    wrapping = _derived(
        once.exchange(X25519PublicKey.from_public_bytes(key.public)), salt=share + key.public, info=_WRAP
    )
    body = ChaCha20Poly1305(wrapping).encrypt(_ZERO, file_key, None)
    stated = _VERSION + _X25519 + _base64(share) + b"\n" + _base64(body) + b"\n" + _MAC
    return stated + b" " + _base64(_mac(file_key, stated).finalize()) + b"\n"


def _file_key(file: BinaryIO, key: BackupKey) -> bytes:
    """The key of a file of which one stanza is for `key`; other programs add stanzas that are for no one."""
    lines = _header_lines(file)
    wrapped = [pair for pair in pairwise(lines) if pair[0].startswith(_X25519)]
    try:
        file_key = next(filter(None, (_unwrapped(stanza, body, key) for stanza, body in wrapped)))
        mac = lines[-1].removeprefix(_MAC + b" ")
        _mac(file_key, b"\n".join((*lines[:-1], _MAC))).verify(_unbase64(mac))
    except (StopIteration, InvalidSignature):
        raise NotAuthentic from None
    return file_key


def _header_lines(file: BinaryIO) -> list[bytes]:
    """From the version to the line of the MAC."""
    lines: list[bytes] = []
    left = _MOST_HEADER
    while not lines or not lines[-1].startswith(_MAC):
        line = file.readline(left)
        left -= len(line)
        if not line.endswith(b"\n") or (not lines and line != _VERSION):
            raise NotAuthentic
        lines.append(line[:-1])
    return lines


def _unwrapped(stanza: bytes, body: bytes, key: BackupKey) -> bytes | None:
    """The file's key; None where the stanza is for another one."""
    share = _unbase64(stanza.removeprefix(_X25519))
    try:
        shared = key.private.exchange(X25519PublicKey.from_public_bytes(share))
        wrapping = _derived(shared, salt=share + key.public, info=_WRAP)
        return ChaCha20Poly1305(wrapping).decrypt(_ZERO, _unbase64(body), None)
    except (ValueError, InvalidTag):
        return None


def _pieces(file: BinaryIO, cipher: ChaCha20Poly1305) -> Iterator[bytes]:
    piece, number = file.read(_PIECE + _TAG), 0
    while True:
        following = file.read(_PIECE + _TAG)
        try:
            plain = cipher.decrypt(_piece_nonce(number, is_last=not following), piece, None)
        except InvalidTag:
            raise NotAuthentic from None
        if not plain and number:  # age allows an empty piece alone
            raise NotAuthentic
        if plain:
            yield plain
        if not following:
            return
        piece, number = following, number + 1


def _piece_nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


def _derived(secret: bytes, *, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


def _mac(file_key: bytes, stated: bytes) -> HMAC:
    mac = HMAC(_derived(file_key, salt=b"", info=b"header"), SHA256())
    mac.update(stated)
    return mac


def _base64(raw: bytes) -> bytes:
    return base64.b64encode(raw).rstrip(b"=")


def _unbase64(text: bytes) -> bytes:
    try:
        raw = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise NotAuthentic from None
    if _base64(raw) != text:  # one way to write it
        raise NotAuthentic
    return raw
