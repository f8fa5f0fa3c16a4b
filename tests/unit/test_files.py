"""A file is replaced as a whole, for its owner alone, and a failure leaves nothing behind."""

from pathlib import Path

import pytest

from ompycord.files import replace_file


def test_the_new_content_is_there_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    replace_file(path, "grün\n")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == ("grün\n".encode(), 0o600)
    replace_file(path, b"\0new", mode=0o644, is_durable=False)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"\0new", 0o644)
    assert [found.name for found in tmp_path.iterdir()] == ["secret"]


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "mine").symlink_to("theirs")
    replace_file(tmp_path / "mine", "mine")
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert not (tmp_path / "mine").is_symlink()


def test_a_failure_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        replace_file(tmp_path / "taken", "content")
    assert [found.name for found in tmp_path.iterdir()] == ["taken"]
