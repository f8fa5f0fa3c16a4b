"""The verifier against its scheme's published vectors and against the reference library."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from ompycord.errors import ConfigurationError
from ompycord.http import parse_secret, sign, verify

ROOT = Path(__file__).parents[3]
VECTORS = Path("shared/data/webhook/published-vectors.json")
SECRET = b"\x31\xf2\x90\xaf" * 8
NOW = 1_780_000_000
LITERAL = "whsec_" + base64.b64encode(SECRET).decode()

identifiers = st.from_regex(r"[A-Za-z0-9_-]{1,128}", fullmatch=True)
header = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=80)


def vectors() -> list[Any]:
    places = [parent / VECTORS for parent in ROOT.parents if (parent / VECTORS).is_file()]
    found: list[dict[str, Any]] = json.loads(places[0].read_text())["vectors"] if places else []
    return [pytest.param(one, id=one["id"]) for one in found if one["scheme"] == "standard-webhooks"]


@pytest.mark.shared
@pytest.mark.parametrize("vector", vectors() or [pytest.param(None, marks=pytest.mark.skip("no reference data here"))])
def test_published_vectors_are_judged_as_published(vector: dict[str, Any]) -> None:
    headers: dict[str, str] = vector["headers"]
    found = verify(
        [parse_secret(vector["secret"])],
        webhook_id=headers.get("webhook-id", ""),
        timestamp=headers.get("webhook-timestamp", ""),
        signature=headers.get("webhook-signature", ""),
        body=vector["body"].encode(),
        now_s=vector["clock_unix"],
    )
    assert (found == 0) is (vector["expect"] == "valid")


def signed(secret: bytes = SECRET, *, webhook_id: str = "a", timestamp: str = str(NOW), body: bytes = b"x") -> str:
    return sign(secret, webhook_id=webhook_id, timestamp=timestamp, body=body)


def judged(
    signature: str,
    *secrets: bytes,
    webhook_id: str = "a",
    timestamp: str = str(NOW),
    body: bytes = b"x",
    now_s: int = NOW,
) -> int | None:
    return verify(
        secrets or [SECRET], webhook_id=webhook_id, timestamp=timestamp, signature=signature, body=body, now_s=now_s
    )


@given(webhook_id=identifiers, body=st.text(), secret=st.binary(min_size=24, max_size=64))
def test_the_reference_library_signs_what_we_accept(webhook_id: str, body: str, secret: bytes) -> None:
    oracle = Webhook(base64.b64encode(secret).decode())
    theirs = oracle.sign(webhook_id, datetime.fromtimestamp(NOW, UTC), body)
    assert theirs == signed(secret, webhook_id=webhook_id, body=body.encode())
    assert judged(f"v1a,x {theirs}", b"x" * 24, secret, webhook_id=webhook_id, body=body.encode()) == 1


@given(data=st.data(), body=st.binary(max_size=40))
def test_what_we_accept_the_reference_library_accepts(data: st.DataObject, body: bytes) -> None:
    """Headers near the right ones: every one we take, the library takes."""
    now = int(datetime.now(UTC).timestamp())
    good = signed(timestamp=str(now), body=body)
    wrong = signed(b"y" * 32, timestamp=str(now), body=body)
    pieces = st.sampled_from([good, wrong, "v1,", "v1", ",", "v2," + good[3:], good[:-1], good.lower(), good + "=", ""])
    signature = " ".join(data.draw(st.lists(pieces, max_size=5)))
    timestamp = data.draw(st.sampled_from([str(now), f" {now}", f"+{now}", f"{now}.0", "", "x"]))
    if judged(signature, timestamp=timestamp, body=body, now_s=now) is None:
        assert timestamp != str(now) or good not in signature.split(" ")
        return
    headers = {
        "webhook-id": "a",
        "webhook-timestamp": timestamp,
        # The library raises ValueError for a part without a comma; we pass over it.
        "webhook-signature": " ".join(piece for piece in signature.split(" ") if piece.count(",") == 1),
    }
    try:
        Webhook(base64.b64encode(SECRET).decode()).verify(body, headers)
    except WebhookVerificationError:
        pytest.fail("the reference library refuses this")
    except ValueError:
        return  # the signature is right; the library then wants a body of JSON, which is not its business


@given(webhook_id=header, timestamp=header, signature=header, body=st.binary(max_size=100))
def test_hostile_headers_are_refused_and_never_raise(
    webhook_id: str, timestamp: str, signature: str, body: bytes
) -> None:
    assert judged(signature, webhook_id=webhook_id, timestamp=timestamp, body=body) is None
    assert judged(signature, body=body) is None


@pytest.mark.parametrize(
    ("offset", "is_taken"), [(-301, False), (-300, True), (0, True), (300, True), (301, False), (-(10**9), False)]
)
def test_the_clock_may_be_five_minutes_off(offset: int, is_taken: bool) -> None:
    timestamp = str(NOW + offset)
    assert (judged(signed(timestamp=timestamp), timestamp=timestamp) is not None) is is_taken


@pytest.mark.parametrize(
    "timestamp", ["178000000", "+1780000000", "1780000000.0", "1780000000\n", " 1780000000", "", "\uff11" + "780000000"]
)
def test_a_timestamp_is_ten_or_eleven_digits(timestamp: str) -> None:
    assert judged(signed(timestamp=timestamp), timestamp=timestamp) is None


@pytest.mark.parametrize("webhook_id", ["", "a.b", "a b", "ä", "x" * 129, "a\n"])
def test_an_id_has_its_grammar(webhook_id: str) -> None:
    assert judged(signed(webhook_id=webhook_id), webhook_id=webhook_id) is None


@given(where=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_one_flipped_bit_is_refused(where: int, bit: int) -> None:
    body = b'{"schema":"ompycord/event@1"}'
    bad = bytearray(body)
    bad[where % len(bad)] ^= 1 << bit
    assert judged(signed(body=body), body=bytes(bad)) is None
    assert judged(signed(body=body), body=body) == 0


def test_several_secrets_and_signatures_overlap_in_a_rotation() -> None:
    old, new = b"o" * 32, b"n" * 32
    both = f"{signed(old)} {signed(new)}"
    assert judged(both, new) == 0
    assert judged(both, b"z" * 32, old) == 1
    assert judged(both, b"z" * 32) is None


def test_a_base64_text_that_only_decodes_alike_is_refused() -> None:
    good = signed()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = f"{good[:-2]}{alphabet[alphabet.index(good[-2]) ^ 1]}="  # differs in bits that base64 throws away
    assert twin != good
    assert base64.b64decode(twin[3:]) == base64.b64decode(good[3:])
    assert judged(twin) is None


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (LITERAL, SECRET),
        ("x" * 24, b"x" * 24),
        ("ä" * 24, "ä".encode() * 24),
    ],
)
def test_a_secret_is_base64_behind_its_prefix_and_text_without(text: str, secret: bytes) -> None:
    assert parse_secret(text) == secret


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 23,
        "whsec_",
        "whsec_" + "A" * 28,
        "whsec_!!!!" + "A" * 32,
        LITERAL[:-1],
        LITERAL.replace("+", "-") + "\n",
    ],
)
def test_a_weak_or_broken_secret_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_secret(text)
    assert "OMP_WEBHOOK_SECRET" in str(caught.value)
    assert not text.removeprefix("whsec_") or text.removeprefix("whsec_") not in str(caught.value)
