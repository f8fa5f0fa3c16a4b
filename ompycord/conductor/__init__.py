"""The conductor: use cases, the driver of hosted runs, the projector and the bus. Knows ports, no implementation."""

from ompycord.conductor.budget import BudgetKeeper
from ompycord.conductor.bus import Bus, Subscription
from ompycord.conductor.capabilities import AgentCapabilityLookup
from ompycord.conductor.conductor import Conductor, Submission
from ompycord.conductor.deliveries import AGAIN, OPS, PAUSED, notice_about
from ompycord.conductor.driver import Driver
from ompycord.conductor.inbox import Inboxes, LogInbox
from ompycord.conductor.messages import MESSAGE_LENGTH, MessageOutcome, MessageReceipt, When
from ompycord.conductor.notifications import NotificationRule, Notifications
from ompycord.conductor.projector import Projector
from ompycord.conductor.reminders import Reminders
from ompycord.conductor.transcript import QueuedMessage

__all__ = [
    "AGAIN",
    "MESSAGE_LENGTH",
    "OPS",
    "PAUSED",
    "AgentCapabilityLookup",
    "BudgetKeeper",
    "Bus",
    "Conductor",
    "Driver",
    "Inboxes",
    "LogInbox",
    "MessageOutcome",
    "MessageReceipt",
    "NotificationRule",
    "Notifications",
    "Projector",
    "QueuedMessage",
    "Reminders",
    "Submission",
    "Subscription",
    "When",
    "notice_about",
]
