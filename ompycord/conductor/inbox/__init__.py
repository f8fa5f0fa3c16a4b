"""What reaches agents while they run."""

from ompycord.conductor.inbox.inboxes import Inboxes
from ompycord.conductor.inbox.log_inbox import LogInbox, Record, has_unread

__all__ = ["Inboxes", "LogInbox", "Record", "has_unread"]
