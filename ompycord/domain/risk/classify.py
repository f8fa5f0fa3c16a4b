"""The risk class of a command, by its words alone: `classify_command`; what cannot be read is danger.

Counterparts: `tools.py` for calls of tools, `programs.py` with the rule of each program.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ompycord.domain.risk.classes import RiskClass, RiskFinding
from ompycord.domain.risk.judging import Judging, ReadFile
from ompycord.domain.risk.overrides import RiskSpec
from ompycord.domain.risk.paths import BUILD_FOLDERS, Whereabouts
from ompycord.domain.risk.programs import PROGRAMS
from ompycord.domain.risk.shell import Unreadable

__all__ = ["Judged", "classify_command", "judge_command"]

_NONE: Final = RiskSpec()


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of a command."""

    finding: RiskFinding
    sources: tuple[str, ...] = ()
    """Files of the clone that say what a name in it means: it means something else once one of them changes."""


def judge_command(text: str, *, root: str = "", rules: RiskSpec = _NONE, read: ReadFile = lambda _: None) -> Judged:
    """Judge a command that a shell gets.

    `root` is the clone as its agent sees it, `rules` what its repository sets, `read` reads files of the clone.
    """
    where = Whereabouts(root, BUILD_FOLDERS | frozenset(rules.build_folders))
    judging = Judging(PROGRAMS, where, read, rules)
    try:
        finding = judging.script(text)
    except Unreadable as error:
        finding = RiskFinding(RiskClass.DANGER, str(error))
    except RecursionError:
        finding = RiskFinding(RiskClass.DANGER, "it is nested too deep to be read")
    return Judged(rules.lowered(text, finding), tuple(judging.sources))


@lru_cache(maxsize=512)
def classify_command(text: str) -> RiskFinding:
    """`judge_command` without a clone."""
    return judge_command(text).finding
