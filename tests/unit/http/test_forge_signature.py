"""The signature of a forge's webhook: GitHub's published example, and what is none."""

import pytest

from ompycord.http.forge_signature import may_be_forge_signature, sign_for_forge, verify_for_forge

SECRET, BODY = b"It's a Secret to Everybody", b"Hello, World!"
PUBLISHED = b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
"""GitHub's documentation, *Validating webhook deliveries*, *Testing the webhook payload validation*."""


def test_the_published_example_is_what_we_make_and_take() -> None:
    assert sign_for_forge(SECRET, BODY) == PUBLISHED
    assert verify_for_forge(SECRET, signature=PUBLISHED, body=BODY)


@pytest.mark.parametrize(
    ("secret", "signature", "body"),
    [
        (b"another secret", PUBLISHED, BODY),
        (SECRET, PUBLISHED, b"Hello, World"),
        (SECRET, PUBLISHED.upper(), BODY),
        (SECRET, PUBLISHED[:-1], BODY),
        (SECRET, PUBLISHED + b", " + PUBLISHED, BODY),
        (SECRET, b"sha1=" + PUBLISHED[7:], BODY),
        (SECRET, b"", BODY),
    ],
)
def test_anything_else_is_refused(secret: bytes, signature: bytes, body: bytes) -> None:
    assert not verify_for_forge(secret, signature=signature, body=body)


def test_its_form_is_known_before_the_body_is_read() -> None:
    assert may_be_forge_signature(PUBLISHED)
    assert not may_be_forge_signature(b"sha256=757107")
