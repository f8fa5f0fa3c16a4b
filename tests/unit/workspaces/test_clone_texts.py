"""Files of a clone that say what a command means: text, and what is none but must not change unnoticed."""

import os
from pathlib import Path

import pytest

from ompycord.workspaces.reading.clone_texts import read_text_in


@pytest.mark.skipif(os.name == "nt", reason="nothing is read there")
@pytest.mark.parametrize("head", [b"x" * 300_000, b"\xff"])
def test_a_change_of_what_is_no_text_or_too_large_shows(tmp_path: Path, head: bytes) -> None:
    read = read_text_in(tmp_path)
    assert read("tool") is None
    (tmp_path / "tool").write_bytes(head + b"1")
    first = read("tool")
    (tmp_path / "tool").write_bytes(head + b"2")
    assert first is not None
    assert first.startswith("\0")
    assert read("tool") not in {first, None}
    (tmp_path / "tool").write_bytes(b"text")
    assert read("tool") == "text"
