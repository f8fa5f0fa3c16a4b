"""The playground as other programs use it: found or started, controlled, and used by people at its page.

It imports nothing of the server beside it: all that it knows of a playground comes over HTTP or from the run file.
"""

from ompycord.playground.client.address import Address, RunFile, command_line, read_run_file
from ompycord.playground.client.api import Client, Info
from ompycord.playground.client.errors import NotThereError, PlaygroundError, RefusedError, UnreachableError
from ompycord.playground.client.stream import EventStream
from ompycord.playground.client.views import File, JsonObject, Message, Modal

__all__ = [
    "Address",
    "Client",
    "EventStream",
    "File",
    "Info",
    "JsonObject",
    "Message",
    "Modal",
    "NotThereError",
    "PlaygroundError",
    "RefusedError",
    "RunFile",
    "UnreachableError",
    "command_line",
    "read_run_file",
]
