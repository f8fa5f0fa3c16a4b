"""What is looked at of a forge before a run and by `doctor`: the same judgement, in two forms."""

from ompycord.app.forges.access import AccessVerdict, inspect_access, judged

__all__ = ["AccessVerdict", "inspect_access", "judged"]
