"""`ompycord integrations`: configures an agent that runs elsewhere to push what it does.

Counterpart of `webhook/hooks.py`.
"""

from ompycord.cli.integrations.command import integrations

__all__ = ["integrations"]
