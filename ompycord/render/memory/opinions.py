"""How results were judged: by agent, with the interval of what is known; and what recall changed. Nothing under 20."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.memory.feedback import Feedback, FeedbackVerdict
from ompycord.render.memory.intervals import Share, share_of
from ompycord.render.phrases import count, money
from ompycord.render.sanitizer import Sanitizer

__all__ = ["opinions_text"]

_NAME: Final = 40
_ROWS: Final = 10


def opinions_text(
    verdicts: Sequence[Feedback],
    snapshots: Mapping[str, StatusSnapshot],
    sanitizer: Sanitizer,
    *,
    days: int,
) -> str:
    """The report on the last days. `snapshots` are all runs of that time, those that were judged too."""
    good = [one for one in verdicts if one.verdict is FeedbackVerdict.GOOD]
    kinds = ", ".join(f"{sum(one.verdict is v for one in verdicts)} {v.value} {v.emoji}" for v in FeedbackVerdict)
    lines = [f"**Feedback, the last {count(days, 'day')}**: {count(len(verdicts), 'verdict')} ({kinds})"]
    groups: dict[str, list[bool]] = defaultdict(list)
    for one in verdicts:
        snapshot = snapshots.get(one.run)
        agent = (snapshot.agent if snapshot else None) or "unknown agent"
        model = f" ({snapshot.model})" if snapshot and snapshot.model else ""
        groups[f"{agent}{model}"].append(one in good)
    for name, judged in sorted(groups.items(), key=lambda entry: -len(entry[1]))[:_ROWS]:
        lines.append(f"▫ {sanitizer.line(name, _NAME)}: {_share(share_of(sum(judged), len(judged)), 'good')}")
    return "\n".join([*lines, *_recall_lines(list(snapshots.values()))])


def _share(share: Share, word: str) -> str:
    if not share.is_known:
        return f"{share.hits} of {share.of} {word}; too few to say more"
    return f"{share.hits} of {share.of} {word} ({share.low:.0%} to {share.high:.0%})"


def _recall_lines(snapshots: Sequence[StatusSnapshot]) -> list[str]:
    """Runs for which something was recalled, beside those that got nothing of it."""
    ended = [one for one in snapshots if one.is_final and one.recalled is not None and one.recalled.items]
    arms = {
        "with what was recalled": [one for one in ended if one.recalled and not one.recalled.withheld],
        "without it": [one for one in ended if one.recalled and one.recalled.withheld],
    }
    if not ended:
        return ["Nothing was recalled for any run in this time."]
    lines = ["**Recall**: runs for which something was remembered"]
    for name, runs in arms.items():
        verified = sum(one.verification is Verification.VERIFIED for one in runs)
        costs = [one.usage.cost_usd for one in runs if one.usage.cost_usd is not None]
        cost = f", {money(sum(costs) / len(costs))} each" if costs else ""
        rounds = f", {sum(one.round for one in runs) / len(runs):.1f} rounds" if runs else ""
        lines.append(f"▫ {name}: {_share(share_of(verified, len(runs)), 'verified')}{rounds}{cost}")
    return lines
