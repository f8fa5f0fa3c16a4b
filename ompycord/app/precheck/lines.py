"""How a line of the precheck is made: what was found, and what to do as one sentence."""

from ompycord.domain.events import PrecheckLine

__all__ = ["failing", "fine", "split", "warning"]

_LINE = 500


def fine(name: str, text: str) -> PrecheckLine:
    """Nothing to do."""
    return PrecheckLine(name=name, status="ok", text=text[:_LINE])


def warning(name: str, text: str, fix: str) -> PrecheckLine:
    """The run starts, and ends with less than one would expect."""
    return PrecheckLine(name=name, status="warn", text=text[:_LINE], fix=fix[:_LINE])


def failing(name: str, text: str, fix: str) -> PrecheckLine:
    """The run does not start."""
    return PrecheckLine(name=name, status="fail", text=text[:_LINE], fix=fix[:_LINE])


def split(words: str) -> tuple[str, str]:
    """What happened and what to do, of words in which the last sentence says that."""
    text, _, fix = words.rstrip(".").rpartition(". ")
    return (f"{text}.", f"{fix}.") if text else (words, "")
