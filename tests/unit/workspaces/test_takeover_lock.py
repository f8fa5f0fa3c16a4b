"""What is known of a clone that a person had at a terminal."""

from pathlib import Path

import pytest

from ompycord.workspaces.record import Folder
from ompycord.workspaces.takeover_lock import forget_lock, is_locked, takeover_lock, was_locked

pytestmark = pytest.mark.posix


def states(folder: Folder) -> tuple[bool, bool]:
    return is_locked(folder), was_locked(folder)


def test_that_somebody_had_it_is_known_until_it_is_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert states(folder) == (False, False)
    forget_lock(folder)
    with takeover_lock(folder):
        assert states(folder) == (True, True)
    assert states(folder) == (False, True)
    forget_lock(folder)
    assert states(folder) == (False, False)
    with takeover_lock(folder):
        pass
    assert states(folder) == (False, True)
