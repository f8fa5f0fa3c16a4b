"""The conductor: use cases, the driver of hosted runs, the projector and the bus. Knows ports, no implementation."""

from ompycord.conductor.bus import Bus, Subscription
from ompycord.conductor.conductor import Conductor, Submission
from ompycord.conductor.driver import Driver
from ompycord.conductor.inbox import Inboxes, LogInbox
from ompycord.conductor.projector import Projector
from ompycord.conductor.watch import Watch

__all__ = ["Bus", "Conductor", "Driver", "Inboxes", "LogInbox", "Projector", "Submission", "Subscription", "Watch"]
