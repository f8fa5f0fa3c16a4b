"""Where events go: the sender's signature is the sidecar's, and a key is never told."""

import pytest

from ompycord.cli.emit.target import read_target
from ompycord.errors import ConfigurationError
from ompycord.http import parse_secret, verify

URL = "http://127.0.0.1:8787"
BEARER = "ompk_0123abcd_" + "A" * 43


@pytest.mark.parametrize(
    "secret", ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a plain text of more than 24 characters"]
)
def test_the_sidecar_takes_our_signature(secret: str) -> None:
    target = read_target(url=URL, key=secret, named="OMPYCORD_KEY")
    headers = target.headers(webhook_id="msg_1", body=b"{}", now_s=1_780_000_000)
    signed = verify(
        [parse_secret(secret)],
        webhook_id=headers["webhook-id"],
        timestamp=headers["webhook-timestamp"],
        signature=headers["webhook-signature"],
        body=b"{}",
        now_s=1_780_000_000,
    )
    assert signed == 0
    assert "authorization" not in headers


def test_a_key_goes_as_bearer_with_its_webhook_id() -> None:
    target = read_target(url=f"{URL}/", key=BEARER, named="OMPYCORD_KEY")
    assert target.url == URL
    assert target.source == "0123abcd"
    headers = target.headers(webhook_id="msg_1", body=b"{}", now_s=0)
    assert headers["authorization"] == f"Bearer {BEARER}"
    assert headers["webhook-id"] == "msg_1"
    assert "webhook-signature" not in headers


def test_events_of_two_secrets_wait_apart_and_neither_is_told() -> None:
    lanes = [read_target(url=URL, key=letter * 30, named="X").source for letter in "ab"]
    assert lanes[0] != lanes[1]
    assert all(len(source) == len("signed-12345678") for source in lanes)


@pytest.mark.parametrize("key", ["short", "whsec_short", "whsec_%%%%", "ompk_0123abcd_cut", "ompk_" + "z" * 60])
def test_a_broken_key_is_named_by_its_setting_and_not_told(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_target(url=URL, key=key, named="OMPYCORD_KEY")
    assert "OMPYCORD_KEY" in str(caught.value)
    assert key not in str(caught.value)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8787", "ftp://host", "http://", "http://user:pass@host"])
def test_an_address_that_is_none_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match="OMPYCORD_URL"):
        read_target(url=url, key=BEARER, named="OMPYCORD_KEY")


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("https://ompycord.example", False),
        ("http://192.0.2.1", False),
    ],
)
def test_only_this_machine_is_asked_without_a_proxy(url: str, *, is_local: bool) -> None:
    assert read_target(url=url, key=BEARER, named="OMPYCORD_KEY").is_local is is_local
