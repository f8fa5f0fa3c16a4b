"""Reads the pictures among the files that came with a task.

They are for agents that accept them in their first prompt (`acp.py`).
"""

import sys
from typing import Final

from ompycord.dialects.images import Image, image_of
from ompycord.domain.ports import AgentJob
from ompycord.processes.safe_open import NotGranted, safe_read

__all__ = ["MOST_BYTES", "images_of"]

MOST_BYTES: Final = 4_194_304
"""Bytes of all pictures of one prompt together.

In its frame they take a third more, and providers accept 5 MiB a picture or less.
"""


def images_of(job: AgentJob) -> tuple[Image, ...]:
    """The pictures that still fit, in the order in which they came. The prompt names all files, these too.

    An agent that continues in its session has seen them. Blocks: to be called in a thread.
    """
    if job.files is None or job.session is not None or sys.platform == "win32":
        return ()
    found: list[Image] = []
    left = MOST_BYTES
    for file in job.task.files:
        if file.size > left:
            continue
        try:
            data = safe_read(job.files, (file.name,))
        except (OSError, NotGranted):  # an unconfined agent may have removed it; the prompt names it all the same
            continue
        image = image_of(data)
        if image is not None and len(data) <= left:
            found.append(image)
            left -= len(data)
    return tuple(found)
