"""A line of the anchors that was torn while it was written ends nothing; one that was changed does."""

import pytest

from ompycord.domain.auditing.anchors import BadAnchor, read_anchors, sign_anchor

KEY = b"k" * 32
FIRST = sign_anchor(KEY, n=1, digest="a" * 64, at=1)
LAST = sign_anchor(KEY, n=9, digest="b" * 64, at=2)


@pytest.mark.parametrize("kept", [1, 4, 40, 100])
def test_a_torn_line_is_skipped_wherever_it_ended(kept: int) -> None:
    whole = FIRST.model_dump_json()
    torn = LAST.model_dump_json()[:kept]
    assert read_anchors(KEY, f"{whole}\n{torn}") == [FIRST]
    assert read_anchors(KEY, f"{whole}\n{torn}\n{LAST.model_dump_json()}\n") == [FIRST, LAST]


@pytest.mark.parametrize("line", ["{}", "words", FIRST.model_dump_json().replace('"n":1', '"n":2')])
def test_a_line_that_was_changed_is_named(line: str) -> None:
    with pytest.raises(BadAnchor, match="line 2"):
        read_anchors(KEY, f"{FIRST.model_dump_json()}\n{line}\n")
