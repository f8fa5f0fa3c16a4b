"""Signed ids: what we made is read back, everything else is named for what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.bot.custom_ids import ComponentId, Rejection, Signer
from ompycord.domain.ids import new_ulid

RUN = new_ulid(now_ms=1_760_000_000_000, entropy=b"0123456789")
SIGNER = Signer(b"k" * 32)
ACTION = st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True)


@given(ACTION, st.binary(min_size=10, max_size=10), st.from_regex(r"[A-Za-z0-9_-]{8}", fullmatch=True))
def test_what_was_signed_is_read_back_and_fits_discord(action: str, entropy: bytes, nonce: str) -> None:
    ref = new_ulid(now_ms=1, entropy=entropy)
    signed = SIGNER.sign(action, ref, nonce)
    assert len(signed) <= 100
    assert SIGNER.read(signed) == ComponentId(action, ref, nonce)


@given(st.integers(0, 63), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_id_is_never_obeyed(place: int, character: str) -> None:
    signed = SIGNER.sign("cancel", RUN, "00000000")
    place %= len(signed)
    changed = signed[:place] + character + signed[place + 1 :]
    read = SIGNER.read(changed)
    assert isinstance(read, Rejection) or changed == signed


def test_an_id_of_another_key_is_forged() -> None:
    assert SIGNER.read(Signer(b"x" * 32).sign("cancel", RUN)) is Rejection.FORGED


def test_an_id_of_another_version_is_old_and_anything_else_is_foreign() -> None:
    assert SIGNER.read("v2" + SIGNER.sign("cancel", RUN)[2:]) is Rejection.OLD
    assert SIGNER.read("somebody-elses-button") is Rejection.FOREIGN
    assert SIGNER.read("") is Rejection.FOREIGN


def test_a_forms_id_is_new_each_time_and_a_buttons_is_not() -> None:
    assert SIGNER.sign("stop", RUN) != SIGNER.sign("stop", RUN)
    assert SIGNER.button("stop", RUN) == SIGNER.button("stop", RUN) != SIGNER.button("resume", RUN)
    assert isinstance(SIGNER.read(SIGNER.button("stop", RUN)), ComponentId)


def test_what_an_id_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="no component id"):
        SIGNER.sign("far-too-long-action", RUN)
    with pytest.raises(ValueError, match="no component id"):
        SIGNER.sign("stop", "not a ulid")
    with pytest.raises(ValueError, match="16 bytes"):
        Signer(b"short")
