"""How a card says who counted what a run used, and what its agent reaches; read by `blocks.py`, `view.py`, costs."""

from collections.abc import Mapping
from typing import Final

from ompycord.domain.events import NetworkReach
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.stages import agent_states
from ompycord.render.phrases import count, money
from ompycord.render.render_context import RenderContext

__all__ = ["claim_note", "is_unmetered", "metering", "network_words"]

_WORKING: Final = agent_states()
_LEAST_DIFFERENCE: Final = 0.01
"""The part of what was metered by which a claim may differ before a card says so."""
_NETWORKS: Final[Mapping[NetworkReach, str]] = {
    "gateway": "network: Ompycord only",
    "port": "network: one port",
    "open": "network: open",
    "none": "network: none",
}


def metering(snapshot: StatusSnapshot) -> str:
    """Who counted: `metered, exact`, `metered, 2 of 14 requests estimated`, `the agent holds your key; not metered`.

    And whether it is recorded.
    """
    is_recorded = snapshot.models is not None and snapshot.models.recorded
    return " · ".join(part for part in (_who_counted(snapshot), "recorded" if is_recorded else "") if part)


def _who_counted(snapshot: StatusSnapshot) -> str:
    usage, models = snapshot.usage, snapshot.models
    if usage.requests:
        estimated = f"{usage.estimated} of {count(usage.requests, 'request')} estimated"
        return f"metered, {estimated if usage.estimated else 'exact'}"
    if models is None:
        return ""
    match models.by:
        case "key":
            return "the agent holds your key; not metered"
        case "login":
            return "the agent has files of yours; not metered"
        case "gateway":
            return ""
        case "agent":
            return "not metered" if usage.input or usage.output or usage.cost_usd else ""


def is_unmetered(snapshot: StatusSnapshot) -> bool:
    """Whether a cost is what an agent claims that asks models itself."""
    is_claimed = snapshot.usage.cost_usd is not None and not snapshot.usage.requests
    return is_claimed and snapshot.models is not None and snapshot.models.by != "gateway"


def claim_note(snapshot: StatusSnapshot) -> str:
    """What the agent claims where that differs by more than a hundredth from what was metered; empty else.

    Agents report at the end of their turn, so a run at work has none. A claim of nothing is none: agents state zero for
    a model whose price they do not know.
    """
    metered, claimed = snapshot.usage.cost_usd, snapshot.usage.claimed_usd
    if metered is None or not claimed or snapshot.state in _WORKING:
        return ""
    if abs(claimed - metered) <= _LEAST_DIFFERENCE * metered:
        return ""
    reported, counted = money(claimed), money(metered)
    if reported == counted:
        reported, counted = f"${claimed:.6f}", f"${metered:.6f}"
    return f"The agent reports {reported}; {counted} was metered, which counts."


def network_words(snapshot: StatusSnapshot, render_context: RenderContext) -> str:
    """What its agent reaches, as of its latest start; before that, whether it will have a network."""
    if snapshot.models is not None:
        return _NETWORKS[snapshot.models.network]
    return _NETWORKS["open"] if render_context.is_network_open else ""
