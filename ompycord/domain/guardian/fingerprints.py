"""What makes two steps of an agent the same: action, result, whether it failed, and the state of the files; pure.

What an agent writes about a step is left out. Where Ompycord read the whole call, the event carries hashes of it
(`CallPrints`); otherwise the words that the agent reports of it are all there is.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.events import CallPrints, ToolFinished
from ompycord.domain.guardian.masks import mask_action, mask_result
from ompycord.domain.guardian.waiting import is_test, is_waiting

__all__ = ["Fingerprint", "ToolStep", "call_prints", "step_of"]

_SIZE: Final = 8
"""Bytes of a hash: a run has some thousand steps, and two of them meet by chance once in 10^12 runs."""
_HASHED: Final = 1_048_576
"""Characters of an output that are hashed at most, besides its length."""
_SHOWN: Final = 80
_EDITORS: Final = frozenset(
    {"edit", "write", "multiedit", "apply_patch", "notebookedit", "str_replace", "create", "patch"}
)

Fingerprint = tuple[str, str, bool, str | None]
"""Masked action, masked result, whether it failed, and the state of the files where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStep:
    """One use of a tool that has ended."""

    action: str
    result: str
    output: str
    """The result as it is; what changes in it shows that waiting has an effect."""
    is_error: bool
    at: Millis
    words: str
    """For people: `bash: pytest -q`."""
    is_known: bool = True
    """Whether its result is known; if not, only its words are compared."""
    is_waiting: bool = False
    is_test: bool = False
    tree: str | None = None
    """A name for the state of all files after it, where that is known."""

    @property
    def fingerprint(self) -> Fingerprint:
        """Equal for two steps between which nothing changed. A step that waits counts with all of its output."""
        return (self.action, self.output if self.is_waiting else self.result, self.is_error, self.tree)


def call_prints(tool: str, arguments: str, result: str) -> CallPrints:
    """The hashes of a call whose arguments and result are known whole, as texts."""
    return CallPrints(
        action=_hash(tool, mask_action(arguments)),
        result=_hash(mask_result(result)),
        output=_hash(str(len(result)), result[:_HASHED], result[-_HASHED:] if len(result) > _HASHED else ""),
    )


def step_of(body: ToolFinished, at: Millis, *, number: int, tree: str | None = None) -> ToolStep:
    """The step that an event reports; `number` is unique among the steps of the run.

    Where only words are known, a step without a title is the same as no other, and neither is an edit that worked:
    agents edit a file many times.
    """
    title = body.title or ""
    words = f"{body.tool}: {title}" if title else body.tool
    prints = body.prints or _words_of(body, number)
    return ToolStep(
        action=prints.action,
        result=prints.result,
        output=prints.output,
        is_error=not body.ok,
        at=at,
        words=words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1].rstrip()}…",
        is_known=body.prints is not None or body.detail is not None,
        is_waiting=is_waiting(body.tool, title),
        is_test=is_test(title),
        tree=tree,
    )


def _words_of(body: ToolFinished, number: int) -> CallPrints:
    is_edit = body.added is not None or body.removed is not None or body.tool.casefold() in _EDITORS
    prints = call_prints(body.tool, body.title or "", body.detail or "")
    is_unknown = not body.title or (is_edit and body.ok)
    return prints.model_copy(update={"action": f"{number:016x}"}) if is_unknown else prints


def _hash(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=_SIZE)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()
