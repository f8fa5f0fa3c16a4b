"""Public doubles for plug-in authors and for our own tests; product code may not import them.

The store has no double: the real one on a temporary file is fast, and its transactions are what tests are about. Only
the queue of notifications has one, a port of its own whose worker is tested in virtual time.
"""

from ompycord.testing.agents import ScriptedAgent, ScriptedInbox
from ompycord.testing.clock import FakeClock, SequentialIds
from ompycord.testing.models import ScriptedModels
from ompycord.testing.notifications import MemoryNotificationQueue
from ompycord.testing.places import FakeChecks, FakeWorkspaces

__all__ = [
    "FakeChecks",
    "FakeClock",
    "FakeWorkspaces",
    "MemoryNotificationQueue",
    "ScriptedAgent",
    "ScriptedInbox",
    "ScriptedModels",
    "SequentialIds",
]
