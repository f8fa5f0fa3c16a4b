"""A hostile agent that asks us for files gets those of its clone, and nothing else."""

import os
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.file_requests import grant
from ompycord.dialects.protocol_session import FileRequest

pytestmark = pytest.mark.posix


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "clone/src").mkdir(parents=True)
    (tmp_path / "clone/src/a.txt").write_text("1\n2\n3\n4\n", encoding="utf-8")
    (tmp_path / "outside").write_text("s3cret", encoding="utf-8")
    return tmp_path / "clone"


def wish(path: str, content: str | None = None, **more: Any) -> FileRequest:
    return FileRequest(path, lambda text: {"ok": text}, lambda why: {"no": why}, content=content, **more)


@pytest.mark.parametrize("path", ["src/a.txt", "{clone}/src/a.txt", "./src/a.txt"])
def test_a_file_is_read_by_either_kind_of_path_whole_or_in_part(path: str, clone: Path) -> None:
    path = path.format(clone=clone)
    assert grant(clone, wish(path)) == {"ok": "1\n2\n3\n4\n"}
    assert grant(clone, wish(path, line=2, limit=2)) == {"ok": "2\n3\n"}
    assert grant(clone, wish(path, line=99)) == {"ok": ""}


def test_a_file_is_written_with_its_folders_and_anew(clone: Path) -> None:
    assert grant(clone, wish("deep/er/b.txt", "first and longer")) == {"ok": ""}
    assert grant(clone, wish("deep/er/b.txt", "ü")) == {"ok": ""}
    assert (clone / "deep/er/b.txt").read_text(encoding="utf-8") == "ü"


@pytest.mark.parametrize(
    "path",
    ["", ".", "..", "../outside", "src/../../outside", "/etc/passwd", "{clone}/../outside", "{clone}", "src",
     ".git/hooks/pre-commit", "src/.GIT/config", "a\0b", "missing/x"],
)  # fmt: skip
@pytest.mark.parametrize("content", [None, "planted"])
def test_what_is_no_file_of_the_clone_is_refused(path: str, content: str | None, clone: Path) -> None:
    if path == "missing/x" and content is not None:
        return  # written with its folder, as above
    before = sorted(clone.parent.rglob("*"))
    assert "no" in grant(clone, wish(path.format(clone=clone), content))
    assert sorted(clone.parent.rglob("*")) == before
    assert (clone.parent / "outside").read_text(encoding="utf-8") == "s3cret"


@pytest.mark.parametrize("content", [None, "planted"])
def test_a_link_leads_nowhere_as_a_file_and_as_a_folder(content: str | None, clone: Path) -> None:
    (clone / "link").symlink_to(clone.parent / "outside")
    (clone / "dir").symlink_to(clone.parent)
    for path in ("link", "dir/outside", "dir/new"):
        assert "a link or no folder" in str(grant(clone, wish(path, content)))
    assert (clone.parent / "outside").read_text(encoding="utf-8") == "s3cret"
    assert not (clone.parent / "new").exists()


@pytest.mark.parametrize("content", [None, "x"])
def test_a_pipe_hangs_nobody(content: str | None, clone: Path) -> None:
    os.mkfifo(clone / "pipe")
    assert "no" in grant(clone, wish("pipe", content))


def test_more_than_ten_mebibytes_are_refused(clone: Path) -> None:
    with (clone / "big").open("wb") as big:
        big.truncate(10_485_761)
    assert "10 MiB" in str(grant(clone, wish("big")))
    assert "10 MiB" in str(grant(clone, wish("new", "x" * 10_485_761)))
    assert not (clone / "new").exists()
