"""What names a row or a fact within its run: a kind and a name, stored as one text; the only place that knows its form.

| stored | kind | what it names | where it is stored |
|---|---|---|---|
| `q:<question>` | `QUESTION` | a question | outbox, surfaces, `inbox.taken`, closings of folds |
| `a:<approval>` | `APPROVAL` | an approval | outbox, surfaces, `inbox.taken`, closings of folds |
| `wq:<question>` | `QUESTION_WITHDRAWN` | the withdrawal of a question | closings of folds |
| `wa:<approval>` | `APPROVAL_WITHDRAWN` | the withdrawal of an approval | closings of folds |
| `plan:<number>` | `PLAN` | a plan that waits for a decision, by the iteration that made it | outbox, surfaces |
| `p:<event>` | `MESSAGE` | a message to the agent, by the id of its event | `inbox.taken`, `inbox.acknowledged` |
| `typed:<message>` | `TYPED` | the reply to a typed answer, by the id of its message | outbox, surfaces |
| `unread:` | `UNREAD` | the notice that messages cannot be read in the thread | outbox, surfaces |
| `s:<iteration>` | `SUSPENDED` | the notice that a run waits, by the iteration that was paused | outbox, surfaces |
| `ops:<ref>` | `OPS` | the notice to the ops channel about a question or an approval | outbox, surfaces |
| `again:<ref>` | `AGAIN` | a question or an approval asked once more than `<ref>` | outbox, surfaces |
| `lesson:<item>` | `LESSON` | what an agent wants to be remembered, by its item | outbox, surfaces |
| `budget:<account>` | `BUDGET` | the notice that so much of a shared limit is used | outbox, surfaces |
| `damaged:<positions>` | `DAMAGED` | the notice to ops that events are not what was stored | outbox, surfaces |
| `recovered:<counts>` | `RECOVERED` | the notice to ops of what a start found | outbox, surfaces |
| anything else | `PLAIN` | a card's number, a file's digest, empty where a run has just one | outbox, surfaces |

A decision's row and a component name questions and approvals without any of this: their kind stands beside the name.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Ref", "RefKind"]


class RefKind(StrEnum):
    """Its value is what stands before the colon."""

    QUESTION = "q"
    APPROVAL = "a"
    QUESTION_WITHDRAWN = "wq"
    APPROVAL_WITHDRAWN = "wa"
    PLAN = "plan"
    MESSAGE = "p"
    TYPED = "typed"
    UNREAD = "unread"
    SUSPENDED = "s"
    OPS = "ops"
    AGAIN = "again"
    LESSON = "lesson"
    BUDGET = "budget"
    DAMAGED = "damaged"
    RECOVERED = "recovered"
    PLAIN = ""
    """Neither a prefix nor a colon stands before the name."""


_WITHDRAWN: Final = {
    RefKind.QUESTION: RefKind.QUESTION_WITHDRAWN,
    RefKind.APPROVAL: RefKind.APPROVAL_WITHDRAWN,
}
_ABOUT: Final = frozenset({RefKind.OPS, RefKind.AGAIN})
_PREFIXES: Final = {f"{kind}:": kind for kind in RefKind if kind is not RefKind.PLAIN}


@dataclass(frozen=True, slots=True)
class Ref:
    """A kind and a name; two refs are equal exactly when their texts are.

    Raises ValueError for a `PLAIN` one whose name would be read as another kind.
    """

    kind: RefKind
    name: str

    def __post_init__(self) -> None:
        if self.kind is RefKind.PLAIN and _kind_of(self.name) is not RefKind.PLAIN:
            raise ValueError(f"{self.name[:64]!r} names something of another kind")

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """The ref with this text; one of no known kind is `PLAIN`, so that every text has exactly one."""
        kind = _kind_of(text)
        return cls(kind, text if kind is RefKind.PLAIN else text[len(kind) + 1 :])

    def __str__(self) -> str:
        return self.name if self.kind is RefKind.PLAIN else f"{self.kind}:{self.name}"

    @property
    def withdrawal(self) -> "Ref":
        """The ref of the withdrawal of this question or approval. Raises KeyError for any other ref."""
        return Ref(_WITHDRAWN[self.kind], self.name)

    @property
    def for_ops(self) -> "Ref":
        """The notice to the ops channel about this question or approval."""
        return Ref(RefKind.OPS, str(self))

    @property
    def again(self) -> "Ref":
        """This question or approval, asked once more: its message, or the one that asked again, is lost."""
        return Ref(RefKind.AGAIN, str(self))

    @property
    def subject(self) -> "Ref":
        """What an `OPS` or `AGAIN` is about; any other is about itself."""
        return Ref.parse(self.name).subject if self.kind in _ABOUT else self


def _kind_of(text: str) -> RefKind:
    before, colon, _ = text.partition(":")
    return _PREFIXES.get(before + colon, RefKind.PLAIN)
