"""What git says of changed files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.workspaces.diff import changed_files


def test_statuses_and_counts_are_joined_by_path() -> None:
    names = b"M\0a\0A\0new\nline\0D\0gone\0R087\0old\0moved\0T\0link\0C100\0a\0copy\0"
    counts = b"1\t2\ta\x003\t0\tnew\nline\x000\t9\tgone\x001\t1\t\0old\0moved\x001\t1\tlink\x00-\t-\t\0a\0copy\0"
    files, total = changed_files(names, counts)
    assert total == 6
    assert [(one.path, one.status, one.added, one.removed) for one in files] == [
        ("a", "modified", 1, 2),
        ("copy", "added", None, None),
        ("gone", "deleted", 0, 9),
        ("link", "modified", 1, 1),
        ("moved", "renamed", 1, 1),
        ("new\nline", "added", 3, 0),
    ]


def test_names_that_are_no_utf_8_and_very_long_ones_are_shown_as_they_can_be() -> None:
    name = b"\xff" * 2000
    files, _ = changed_files(b"A\0" + name + b"\0", b"1\t0\t" + name + b"\0")
    assert files[0].path == "\ufffd" * 1024


def test_lists_of_different_files_are_refused() -> None:
    with pytest.raises(ValueError, match="different files"):
        changed_files(b"M\0a\0", b"1\t0\tb\0")


def test_nothing_changed_lists_nothing() -> None:
    assert changed_files(b"", b"") == ((), 0)


paths = st.binary(min_size=1, max_size=12).filter(lambda raw: b"\0" not in raw)


@given(st.sets(paths, max_size=30), st.integers(0, 9))
def test_every_path_is_counted_once(names: set[bytes], lines: int) -> None:
    files, total = changed_files(
        b"".join(b"A\0" + name + b"\0" for name in names),
        b"".join(b"%d\t0\t" % lines + name + b"\0" for name in names),
    )
    assert total == len(files) == len(names)
