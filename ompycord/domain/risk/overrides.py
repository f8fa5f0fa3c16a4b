"""What a repository sets about risk: commands whose class it knows better, folders that are built; pure.

Only an exact command becomes lower. A rule that makes commands worse holds for all that begin with its words.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from ompycord.domain.base import Frozen
from ompycord.domain.risk.classes import ClassName, RiskClass, RiskFinding

__all__ = ["CommandRule", "RiskSpec"]

_Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]
_Folder = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^/]+$")]


class CommandRule(Frozen):
    """The class of a command here."""

    command: _Words
    """Its words, as `make integration`; its spaces do not count, and no sign in it stands for others."""
    risk: ClassName
    """Lower than what Ompycord finds: for exactly this command. Worse: for all that begin so, too."""


class RiskSpec(Frozen):
    """A repository's own word on what its commands can do."""

    commands: Annotated[tuple[CommandRule, ...], Field(max_length=200)] = ()
    """Commands whose class is set here."""
    build_folders: Annotated[tuple[_Folder, ...], Field(max_length=100)] = ()
    """More names of folders whose content programs make again: deleting there is no danger."""

    def raised(self, words: Sequence[str], finding: RiskFinding) -> RiskFinding:
        """A finding for a command of these words, as the rules make it worse."""
        for rule in self.commands:
            wanted = rule.command.split()
            if list(words[: len(wanted)]) == wanted:
                finding = finding.at_least(RiskClass.named(rule.risk), _SET)
        return finding

    def lowered(self, text: str, finding: RiskFinding) -> RiskFinding:
        """A finding for a whole text, lower where a rule names exactly it."""
        if not text.isprintable():  # only blanks do not count; a shell takes other white space for a part of a word
            return finding
        words = [word for word in text.split(" ") if word]
        rules = [RiskClass.named(rule.risk) for rule in self.commands if rule.command.split() == words]
        return RiskFinding(max(rules), _SET) if rules and max(rules) < finding.risk else finding


_SET: Final = "this repository's settings say so"
