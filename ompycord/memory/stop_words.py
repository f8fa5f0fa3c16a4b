"""English words that say nothing about what a task or a lesson is about; data of `words.py`."""

from typing import Final

__all__ = ["STOP_WORDS"]

STOP_WORDS: Final = frozenset(
    """
    a about above after again all also always am an and any are aren as at be because been before being below between
    both but by can cannot could couldn did didn do does doesn doing don done down during each either else etc even
    ever every few for from further get gets getting give given go goes had hadn has hasn have haven having he her here
    hers him his how however if in into is isn it its itself just let like ll make makes may me might more most much
    must my need needs no nor not now of off on once one only onto or other our ours out over own per please rather re
    really same see she should shouldn since so some something still such sure than that the their them then there
    these they thing things this those though through to too under until up upon us use used uses using ve very want
    wants was wasn way we well were weren what when where whether which while who whom why will with within without won
    would wouldn yes yet you your yours
    """.split()
)
