"""The conductor: use cases, the driver of hosted runs, the projector and the bus. It uses ports, no implementation."""

from ompycord.conductor.approvals import Approvals
from ompycord.conductor.budgets import BudgetKeeper, Budgets
from ompycord.conductor.bus import Bus, Subscription
from ompycord.conductor.capabilities import AgentCapabilityLookup
from ompycord.conductor.deliveries import NotificationRule, Notifications
from ompycord.conductor.driver import Driver
from ompycord.conductor.event_recorder import EventRecorder
from ompycord.conductor.guardian import Guardian, RecentEvents
from ompycord.conductor.inbox import Inboxes, LogInbox
from ompycord.conductor.lineage import Lineage
from ompycord.conductor.log_check import LogCheck
from ompycord.conductor.messages import MESSAGE_LENGTH, MessageOutcome, MessageReceipt, Messages, When
from ompycord.conductor.overlaps import OtherWorks, OverlapDecisions, OverlapWatch
from ompycord.conductor.planning import Plans
from ompycord.conductor.planning.checkpoints import Checkpoints, checkpoint_words
from ompycord.conductor.projector import Projector
from ompycord.conductor.pull_requests import PullRequests
from ompycord.conductor.reminders import Reminders
from ompycord.conductor.run_access import RunAccess
from ompycord.conductor.run_views import run_views
from ompycord.conductor.runs import Runs, Submission
from ompycord.conductor.slots import SlotKeeper, Slots
from ompycord.conductor.snapshots import FoldedRun, LoadedRun, Snapshots
from ompycord.conductor.transcript import QueuedMessage, TypedInLog
from ompycord.conductor.transitions import Transitions
from ompycord.conductor.typed_answers import TypedAnswers
from ompycord.conductor.waiting import wait_for

__all__ = [
    "MESSAGE_LENGTH",
    "AgentCapabilityLookup",
    "Approvals",
    "BudgetKeeper",
    "Budgets",
    "Bus",
    "Checkpoints",
    "Driver",
    "EventRecorder",
    "FoldedRun",
    "Guardian",
    "Inboxes",
    "Lineage",
    "LoadedRun",
    "LogCheck",
    "LogInbox",
    "MessageOutcome",
    "MessageReceipt",
    "Messages",
    "NotificationRule",
    "Notifications",
    "OtherWorks",
    "OverlapDecisions",
    "OverlapWatch",
    "Plans",
    "Projector",
    "PullRequests",
    "QueuedMessage",
    "RecentEvents",
    "Reminders",
    "RunAccess",
    "Runs",
    "SlotKeeper",
    "Slots",
    "Snapshots",
    "Submission",
    "Subscription",
    "Transitions",
    "TypedAnswers",
    "TypedInLog",
    "When",
    "checkpoint_words",
    "run_views",
    "wait_for",
]
