"""What a run needs, looked at before it starts and by `ompycord doctor --repository`: every line at once, with its fix.

Counterpart: `engines/steps/prepare.py`, which records the lines and starts nothing where one fails.
"""

from ompycord.app.precheck.service import Precheck, PrecheckParts

__all__ = ["Precheck", "PrecheckParts"]
