"""The conductor: use cases, the driver of hosted runs, the projector and the bus. Knows ports, no implementation."""

from ompycord.conductor.abilities import Abilities
from ompycord.conductor.budget import BudgetKeeper
from ompycord.conductor.bus import Bus, Subscription
from ompycord.conductor.conductor import Conductor, Submission
from ompycord.conductor.conversation import SAY_LENGTH, Fate, Said, When
from ompycord.conductor.deliveries import AGAIN, HALTED, OPS, notice_about
from ompycord.conductor.driver import Driver
from ompycord.conductor.inbox import Inboxes, LogInbox
from ompycord.conductor.projector import Projector
from ompycord.conductor.talk import Waiting
from ompycord.conductor.watch import Watch

__all__ = [
    "AGAIN",
    "HALTED",
    "OPS",
    "SAY_LENGTH",
    "Abilities",
    "BudgetKeeper",
    "Bus",
    "Conductor",
    "Driver",
    "Fate",
    "Inboxes",
    "LogInbox",
    "Projector",
    "Said",
    "Submission",
    "Subscription",
    "Waiting",
    "Watch",
    "When",
    "notice_about",
]
