"""The step `links`: every place that an answer names is opened at its commit; what leads nowhere is struck."""

from collections.abc import Mapping

from ompycord.dialects.reports.answer_links import named_places, opened_links
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import AskChecked, EffectFinished
from ompycord.domain.folds.reports import CheckedAnswer
from ompycord.domain.ports.trees import GITLINK, LINK, ResultTrees
from ompycord.domain.results import StageResult
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok
from ompycord.render.phrases import count

__all__ = ["check_links", "lines_of"]


async def check_links(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Open each place. May be done twice: the answer is read from the log."""
    snapshot = await context.snapshot(order.run)
    answer = snapshot.answer if snapshot is not None else None
    if answer is None:
        return failed(order, FailureClass.INTERNAL, "Its answer is not known any more.")
    if answer.is_checked:  # a crash came after it
        return ok(order, StageResult(), message=_sentence(answer))
    trees = await context.results.trees(order.run)
    places = named_places(answer.text, trees.result.keys())
    lines = await lines_of(trees, {place.path for place in places})
    links = opened_links(answer.text, places, lines)
    struck = sum(link.fault is not None for link in links)
    await context.record(order.run, AskChecked(links=links, struck=struck))
    return ok(order, StageResult(), message=_sentence(answer.model_copy(update={"links": links, "struck": struck})))


async def lines_of(trees: ResultTrees, paths: set[str]) -> Mapping[str, int | None]:
    """How many lines each of these files of the result has; None for what is no text, or too large to be read."""
    wanted = {path: trees.result[path] for path in paths if path in trees.result}
    plain = {path: entry.blob for path, entry in wanted.items() if entry.mode not in {LINK, GITLINK}}
    content = await trees.read(set(plain.values()))
    return {path: _lines(content.get(plain[path])) if path in plain else None for path in wanted}


def _lines(content: bytes | None) -> int | None:
    if content is None or b"\0" in content:
        return None
    return content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


def _sentence(answer: CheckedAnswer) -> str:
    if not answer.links:
        return f"Answered at {answer.commit[:12]}; it names no place."
    good = len(answer.links) - answer.struck
    struck = f", {count(answer.struck, 'false one')} struck" if answer.struck else ""
    return f"Answered at {answer.commit[:12]}: {count(good, 'link')} opened{struck}."
