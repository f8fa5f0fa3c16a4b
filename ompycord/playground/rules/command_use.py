"""Pure: what a person fills into a command, as Discord's client lets it through; `commands.py` judges commands."""

from typing import Any, Final

from ompycord.playground.rules.documents import Json, as_list

LONGEST_TEXT: Final = 6000
"""The characters of a text option (Discord, "Application command option structure")."""


class BadOptionError(ValueError):
    """A person filled in something that Discord's client would not let through; the message says what."""


def fill_in(command_options: list[Json], given: list[Json], *, is_partial: bool) -> list[Json]:
    """The options a person gave, checked against the command's and completed with their types. Raises BadOptionError.

    `is_partial` is for autocompletion: required options may still be missing, and one option has `focused`.
    """
    known = {option["name"]: option for option in command_options}
    filled: list[Json] = []
    for item in given:
        name = str(item.get("name"))
        option = known.get(name)
        if option is None:
            raise BadOptionError(f"There is no option {name!r} here.")
        if option["type"] in (1, 2):
            inner = fill_in(as_list(option.get("options")), as_list(item.get("options")), is_partial=is_partial)
            filled.append({"name": name, "type": option["type"], "options": inner})
            continue
        value = item.get("value")
        focus = {"focused": True} if item.get("focused") and is_partial else {}
        if not focus:
            _check_value(option, value)
        filled.append({"name": name, "type": option["type"], "value": value, **focus})
    if not is_partial:
        _check_complete(command_options, {item["name"] for item in filled})
    return filled


def _check_complete(options: list[Json], present: set[str]) -> None:
    subcommands = [option["name"] for option in options if option["type"] in (1, 2)]
    if subcommands and len(present) != 1:
        raise BadOptionError(f"Choose one of {', '.join(subcommands)}.")
    for option in options:
        if option.get("required") and option["name"] not in present:
            raise BadOptionError(f"The option {option['name']!r} is required.")


def _check_value(option: Json, value: Any) -> None:
    kind, name = option["type"], option["name"]
    fits = {
        3: isinstance(value, str),
        4: isinstance(value, int) and not isinstance(value, bool),
        5: isinstance(value, bool),
        10: isinstance(value, int | float) and not isinstance(value, bool),
    }.get(kind, isinstance(value, str) and value.isdigit())
    if not fits:
        raise BadOptionError(f"The option {name!r} has a value of the wrong kind.")
    choices = as_list(option.get("choices"))
    if choices and value not in [choice["value"] for choice in choices]:
        raise BadOptionError(f"The option {name!r} takes one of its choices.")
    if isinstance(value, str) and kind == 3:
        _check_between(name, len(value), option.get("min_length"), option.get("max_length") or LONGEST_TEXT)
    elif isinstance(value, int | float):
        _check_between(name, value, option.get("min_value"), option.get("max_value"))


def _check_between(name: str, size: float, low: float | None, high: float | None) -> None:
    if (low is not None and size < low) or (high is not None and size > high):
        raise BadOptionError(f"The option {name!r} is out of range.")


def subcommand_path(options: list[Json]) -> list[str]:
    """The names of the chosen group and sub-command."""
    for option in options:
        if option["type"] in (1, 2):
            return [option["name"], *subcommand_path(as_list(option.get("options")))]
    return []
