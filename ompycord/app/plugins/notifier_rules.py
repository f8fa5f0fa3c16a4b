"""The contract of a notifier, rule by rule: what Ompycord relies on, tried with the options of its example.

Counterpart of `parser_rules.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, cast

from ompycord.app.conformance import RuleVerdict
from ompycord.app.plugins.judging import Broken, judged_by_example, require_unrepeated, why_broken
from ompycord.domain.alerting.notice import trial_content
from ompycord.notify.attempt import Attempt
from ompycord.notify.kind import AddedNotifier, Notice, NotifierKind

__all__ = ["judge_notifier"]

_WAIT_S: Final = 10.0
"""What a try may take, as in the product."""
_CANCEL_S: Final = 5.0
_RULE_S: Final = 90.0
"""What a rule may take: each of its notices as long as a try may."""
_TEXTS: Final = (
    "A test", "", "two\nlines", "\x00\x1b[31m red", "é \N{SNOWMAN} \U0001f514", "@everyone <@1> {x} %s", "x" * 20_000,
)  # fmt: skip


Rule = Callable[[NotifierKind[Any], Mapping[str, Any]], Awaitable[None]]


async def judge_notifier(record: NotifierKind[Any]) -> list[RuleVerdict]:
    """Every rule's verdict, in order. The notifier's code runs here, and sends where its example says."""
    return [await judged_by_example(rule, record, wait_s=_RULE_S) for rule in _RULES]


async def is_made_with_its_example_and_closed(record: NotifierKind[Any], example: Mapping[str, Any]) -> None:
    await _made(record, example).close()


async def answers_every_notice_with_an_attempt(record: NotifierKind[Any], example: Mapping[str, Any]) -> None:
    notifier = _made(record, example)
    for number, text in enumerate(_TEXTS):
        await _tried(notifier, _notice(str(number), text))
    await notifier.close()


async def takes_the_same_notice_twice(record: NotifierKind[Any], example: Mapping[str, Any]) -> None:
    notifier = _made(record, example)
    first, again = [await _tried(notifier, _notice("same", "A test")) for _ in range(2)]
    await notifier.close()
    if first.error is None and again.error is not None:
        raise Broken(f"the second try of what arrived failed: {again.error}")


async def repeats_none_of_its_options_in_an_error(record: NotifierKind[Any], example: Mapping[str, Any]) -> None:
    notifier = _made(record, example)
    attempt = await _tried(notifier, _notice("1", "A test"))
    await notifier.close()
    why = "its error repeats the option {key}: it goes into logs, and may be an address with a secret"
    require_unrepeated(example, attempt.error or "", why)


async def ends_soon_when_it_is_cancelled(record: NotifierKind[Any], example: Mapping[str, Any]) -> None:
    why = await why_broken(partial(_cancelled, record, example), wait_s=_CANCEL_S)
    if why is not None:
        raise Broken(why)


async def _cancelled(record: NotifierKind[Any], example: Mapping[str, Any]) -> None:
    notifier = _made(record, example)
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(notifier.notify(_notice("1", "A test")))
        await asyncio.sleep(0)
        sending.cancel()
    await notifier.close()


_RULES: Final[tuple[Rule, ...]] = (
    is_made_with_its_example_and_closed,
    answers_every_notice_with_an_attempt,
    takes_the_same_notice_twice,
    repeats_none_of_its_options_in_an_error,
    ends_soon_when_it_is_cancelled,
)


def _made(record: NotifierKind[Any], example: Mapping[str, Any]) -> AddedNotifier:
    return record.notifier(record.options.model_validate(example))


def _notice(name: str, text: str) -> Notice:
    content = trial_content(name, at=0, message=text)
    return Notice(id=f"trial-{name}", destination="trial", topic="alert", text=text, content=content)


async def _tried(notifier: AddedNotifier, notice: Notice) -> Attempt:
    try:
        async with asyncio.timeout(_WAIT_S):
            attempt = cast("object", await notifier.notify(notice))
    except TimeoutError:
        raise Broken(f"one notice took it longer than {_WAIT_S:.0f} s") from None
    if not isinstance(attempt, Attempt):
        raise Broken(f"it answers {type(attempt).__name__} instead of Attempt")
    return attempt
