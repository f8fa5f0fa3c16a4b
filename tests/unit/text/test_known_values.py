"""A known value is found however it is written, and whatever nobody sees stands between its characters."""

import base64
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.text import REDACTED, Redactor
from ompycord.text.known_values import KnownValues, Visible

SECRET: Final = "s3cr3t/of+granted~File=77"
LONG: Final = "Zk9-" + "".join(chr(ord("a") + (7 * at + at * at) % 26) + str(at % 10) for at in range(60))
UNSEEN: Final = {
    "zero width space": "\u200b",
    "zero width joiner": "\u200d",
    "zero width non-joiner": "\u200c",
    "word joiner": "\u2060",
    "byte-order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "right to left override": "\u202e",
    "isolate": "\u2066",
    "arabic letter mark": "\u061c",
    "combining grapheme joiner": "\u034f",
    "variation selector": "\ufe0f",
    "tag": "\U000e0041",
    "hangul filler": "\u3164",
    "zero": "\0",
    "bell": "\a",
    "colour of a terminal": "\x1b[31m",
}


@pytest.mark.parametrize("between", UNSEEN.values(), ids=UNSEEN.keys())
def test_what_nobody_sees_hides_no_value(between: str) -> None:
    """Between all characters, and before and behind, where it stays."""
    shown = Redactor([SECRET]).redact(f"key={between}{between.join(SECRET)}{between}; done")
    assert REDACTED in shown
    assert Visible(shown).text == f"key={REDACTED}; done"


@pytest.mark.parametrize("between", ["\u200b", "\u00ad", "\x1b[0m"])
def test_what_nobody_sees_hides_no_shape_of_a_secret(between: str) -> None:
    token = "ghp_" + "a1B2" * 9
    assert Redactor().redact(f"a {token[:9]}{between}{token[9:]} b") == f"a {REDACTED} b"


WRITTEN: Final[dict[str, Callable[[bytes], str]]] = {
    "plain": lambda raw: raw.decode(),
    "address": lambda raw: quote(raw, safe=""),
    "each byte": lambda raw: "".join(f"%{byte:02x}" for byte in raw),
    "base64": lambda raw: base64.b64encode(raw).decode(),
    "base64 of addresses": lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
    "hex": lambda raw: raw.hex(),
    "large hex": lambda raw: raw.hex().upper(),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN.keys())
@pytest.mark.parametrize("between", ["", "\u200b", "\u00ad"])
def test_every_encoding_is_found(write: Callable[[bytes], str], between: str) -> None:
    shown = Redactor([SECRET]).redact("x " + between.join(write(SECRET.encode())) + " y")
    assert len(Visible(shown).text.replace(REDACTED, "")) <= len("x  y") + 6  # base64 keeps what both neighbours decide


def test_bytes_that_are_no_text_are_found_encoded() -> None:
    raw = bytes(range(128, 180))
    redactor = Redactor([raw])
    assert redactor.redact(f"a {raw.hex()} b") == f"a {REDACTED} b"
    assert redactor.redact_file(b"a " + raw + b" b") == f"a {REDACTED} b".encode()


@pytest.mark.parametrize("first", range(0, 80, 7))
def test_a_long_value_is_found_by_its_pieces(first: int) -> None:
    """Wrapped into lines, cut at its beginning, or printed in two messages: what is left of it is no use."""
    part = LONG[first : first + 40]
    shown = Redactor([LONG]).redact(f"({part})")
    assert shown == f"({REDACTED})"


def test_a_wrapped_file_leaves_nothing_but_ends_of_lines() -> None:
    content = bytes((at * 37 + 11) % 251 for at in range(900))
    wrapped = base64.encodebytes(content).decode()
    shown = Redactor([content]).redact(wrapped)
    assert REDACTED in shown
    assert max(len(part) for line in shown.splitlines() for part in line.split(REDACTED)) < 16


def test_the_name_that_is_given_is_that_of_the_first_value() -> None:
    known = KnownValues([("TOKEN", "abcdefgh1"), ("the file ~/.netrc", "zyxwvuts2")])
    assert known.first("nothing of it") is None
    assert known.first("a zyxwvuts2 and abcdefgh1") == "the file ~/.netrc"
    assert known.first(f"{b'abcdefgh1'.hex()}") == "TOKEN"
    assert "abcdefgh" not in repr(known)


def test_values_are_added_and_none_is_forgotten() -> None:
    redactor = Redactor(["first-of-all"])
    redactor.add(["second-of-all"])
    redactor.add(["second-of-all"])
    assert redactor.redact("first-of-all, second-of-all") == f"{REDACTED}, {REDACTED}"


@given(st.text(min_size=8, max_size=20), st.text(max_size=12), st.text(alphabet="\u200b\u00adab\ufeff", max_size=12))
def test_nothing_but_a_value_is_taken_out(secret: str, before: str, behind: str) -> None:
    redactor = KnownValues([("it", secret)])
    for found in redactor.find(before + secret + behind):
        assert 0 <= found.start < found.end <= len(before + secret + behind)
    assert redactor.first(before + secret + behind) == "it"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_of_text_in_any_encoding_keeps_no_value(encoding: str) -> None:
    data = f"key: {SECRET}\nghp_{'a1B2' * 9}\nend".encode(encoding)
    shown = Redactor([SECRET]).redact_file(data)
    text = shown.decode(encoding)
    assert text == f"key: {REDACTED}\n{REDACTED}\nend"


def test_a_file_with_a_wrong_byte_is_read_all_the_same() -> None:
    """Latin-1, or cut in the middle of a character."""
    assert Redactor([SECRET]).redact_file(b"gr\xfc\xdfe " + SECRET.encode() + b" \xe2\x82") == (
        b"gr\xfc\xdfe " + REDACTED.encode() + b" \xe2\x82"
    )


def test_a_picture_stays_byte_for_byte() -> None:
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4 + b"https://me:password@host/"
    assert Redactor([SECRET]).redact_file(picture) is picture


def test_json_stays_json() -> None:
    redactor = Redactor(['se"cr,et"x', "plain-secret"])
    assert (
        redactor.redact_loaded('{"a": "se\\"cr,et\\"x", "b": "plain-secret"}')
        == f'{{"a": "{REDACTED}", "b": "{REDACTED}"}}'
    )
    assert redactor.redact_loaded('{"se":"cr,et"}') == '{"se":"cr,et"}'
    assert redactor.redact_all({"plain-secret": ["plain-secret", 1, None, {"x": True}]}) == {
        REDACTED: [REDACTED, 1, None, {"x": True}]
    }


@pytest.mark.timeout(30)
def test_ten_thousand_pieces_cost_no_more_than_one() -> None:
    """What is granted may be large; the mark's timeout is the only clock that this test has beside the ratio."""
    few, many = KnownValues([("a", LONG)]), KnownValues([("b", bytes((at * at + at) % 256 for at in range(8000)))])
    text = "an ordinary line of a program's output, 12345\n" * 5000

    def cost(known: KnownValues) -> float:
        began = time.process_time()
        assert known.first(text) is None
        return time.process_time() - began

    cost(few)
    assert min(cost(many) for _ in range(3)) < 20 * min(cost(few) for _ in range(3))
