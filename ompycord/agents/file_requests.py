"""Reads and writes files of a clone for its agent, and nothing else; serves `dialects/protocol.FileRequest`.

How a path is kept inside is `processes/safe_path.py`.
"""

import sys
from pathlib import Path

from ompycord.dialects.frames import Frame
from ompycord.dialects.protocol_session import FileRequest
from ompycord.processes.safe_open import NotGranted, reason, safe_path, safe_read, safe_write

__all__ = ["grant"]


def grant(root: Path, request: FileRequest) -> Frame:
    """Does what the agent requests and returns the frame that answers it. Blocks: to be called in a thread."""
    if sys.platform == "win32":
        return request.refused("Files are not served on Windows.")
    try:
        parts = safe_path(root, request.path)
        if request.content is None:
            return request.granted(_lines(safe_read(root, parts), request))
        safe_write(root, parts, request.content.encode("utf-8", "replace"))
        return request.granted("")
    except NotGranted as error:
        return request.refused(str(error))
    except OSError as error:
        return request.refused(reason(request.path, error))


def _lines(raw: bytes, request: FileRequest) -> str:
    lines = raw.decode("utf-8", "replace").splitlines(keepends=True)[request.line - 1 :]
    return "".join(lines[: request.limit] if request.limit else lines)
