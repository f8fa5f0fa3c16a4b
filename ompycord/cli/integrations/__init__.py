"""`ompycord integrations`: an agent that runs elsewhere is told to push what it does.

Counterpart of `webhook/hooks.py`.
"""

from ompycord.cli.integrations.command import integrations

__all__ = ["integrations"]
