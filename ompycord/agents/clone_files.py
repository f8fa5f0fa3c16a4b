"""Reads and writes files of a clone for its agent, and nothing beside it; serves `dialects/conversation.FileWish`.

How a path is kept inside is `processes/inside.py`.
"""

import sys
from pathlib import Path

from ompycord.dialects.conversation import FileWish
from ompycord.dialects.frames import Frame
from ompycord.processes.inside import NotGranted, inside, read_inside, reason, write_inside

__all__ = ["grant"]


def grant(root: Path, wish: FileWish) -> Frame:
    """Does what the agent wishes and gives the frame that answers it. Blocks: call it in a thread."""
    if sys.platform == "win32":
        return wish.refused("Files are not served on Windows.")
    try:
        parts = inside(root, wish.path)
        if wish.content is None:
            return wish.granted(_lines(read_inside(root, parts), wish))
        write_inside(root, parts, wish.content.encode("utf-8", "replace"))
        return wish.granted("")
    except NotGranted as error:
        return wish.refused(str(error))
    except OSError as error:
        return wish.refused(reason(wish.path, error))


def _lines(raw: bytes, wish: FileWish) -> str:
    lines = raw.decode("utf-8", "replace").splitlines(keepends=True)[wish.line - 1 :]
    return "".join(lines[: wish.limit] if wish.limit else lines)
