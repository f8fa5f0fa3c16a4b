"""From `notify.notifiers` of the settings to a target: the kind that a package adds, its options, what it makes."""

from collections.abc import Callable

from pydantic import ValidationError

from ompycord.domain.ports import Clock
from ompycord.errors import ConfigurationError
from ompycord.notify.added import AddedTarget
from ompycord.notify.options import OutgoingNotifier
from ompycord.notify.registry import NOTIFIER_KINDS

__all__ = ["added_target"]


def added_target(spec: OutgoingNotifier, *, clock: Clock, redact: Callable[[str], str]) -> AddedTarget:
    """What sends there. Raises ConfigurationError, which names a key and repeats no value."""
    setting = f"notify.notifiers.{spec.name}"
    if spec.kind not in NOTIFIER_KINDS.names:
        known = ", ".join(NOTIFIER_KINDS.names) or "none"
        raise ConfigurationError(
            f"{setting}.kind: no installed package adds the notifier {spec.kind}; installed: {known}"
        )
    kind = NOTIFIER_KINDS.get(spec.kind)
    try:
        options = kind.options.model_validate(spec.options)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, (setting, "options", *found["loc"])))
        raise ConfigurationError(f"{where}: {found['msg']}") from None
    try:
        notifier = kind.notifier(options)
    except (Exception, SystemExit) as error:  # code that is not ours may raise anything
        raise ConfigurationError(
            f"{setting}: its notifier cannot be made ({type(error).__name__}). `ompycord plugin check {spec.kind}` "
            "tries it"
        ) from error
    return AddedTarget(destination=spec.name, notifier=notifier, clock=clock, redact=redact)
