"""The kinds of notifiers that distributions add, by the name that configuration gives. Ompycord has none of its own."""

from typing import Any, Final

from ompycord.entry_points import Registry
from ompycord.notify.kind import NotifierKind

__all__ = ["NOTIFIER_KINDS"]

NOTIFIER_KINDS: Final[Registry[NotifierKind[Any]]] = Registry(
    group="ompycord.notifiers", record=NotifierKind, what="kind of notifier"
)
