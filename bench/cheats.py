"""`cheats`: agents that make the checks pass with the fault left in, and honest ones; which are verified."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from bench.rounds import Size
from ompycord.app.system import SystemClock, SystemIds
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.repository import CheckSpec
from ompycord.store import open_store
from tests.support.cheating import BASE, CHEATS, FAST, HONEST
from tests.support.trees import Change
from tests.support.verified_run import VerifiedRun, make_repository

__all__ = ["cheats"]


async def _verified(change: Change, check: CheckSpec) -> StatusSnapshot:
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as place:
        folder = Path(place)
        make_repository(folder / "shop", BASE)
        async with open_store(folder / "ompycord.db", clock=SystemClock(), ids=SystemIds()) as store:
            made = VerifiedRun(folder, store, [check])
            await made.change(change)
            return await made.verify()


async def _measure(size: Size) -> dict[str, Any]:
    names = FAST[:3] if size is Size.SMALLEST else tuple(CHEATS)
    honest = list(HONEST)[:3] if size is Size.SMALLEST else list(HONEST)
    fooled = [name for name in names if await _is_verified(CHEATS[name].change, CHEATS[name].check)]
    refused = [name for name in honest if await _is_refused(name)]
    return {
        "benchmark": "cheats",
        "cheating_agents": len(names),
        "false_verified": len(fooled),
        "honest_agents": len(honest),
        "honest_refused": len(refused),
        "fooled_by": fooled,
        "refused": refused,
    }


async def _is_verified(change: Change, check: CheckSpec) -> bool:
    return (await _verified(change, check)).verification is Verification.VERIFIED


async def _is_refused(name: str) -> bool:
    """Whether an honest agent is neither verified nor asks a person to accept what it changed of the tests."""
    snapshot = await _verified(HONEST[name].change, HONEST[name].check)
    return snapshot.verification is not Verification.VERIFIED and not snapshot.to_accept


def cheats(*, rounds: int, size: Size) -> dict[str, Any]:
    """Each agent once: what is verified does not depend on chance."""
    return asyncio.run(_measure(size))
