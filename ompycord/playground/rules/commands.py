"""Pure: Discord's rules for application commands, both their definition by the bot and their use by a person."""

import re
from typing import Any, Final

from ompycord.playground.rules import shapes
from ompycord.playground.rules.documents import Json, as_list
from ompycord.playground.rules.errors import Form
from ompycord.playground.rules.limits import Limits

Path = tuple[str | int, ...]
_NAME: Final = re.compile(r"[-_'\w]+")
"""Close to Discord's `^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$`: the standard library knows no scripts."""
LONGEST_TEXT: Final = 6000
"""The characters of a text option (Discord, "Application command option structure")."""


def check_command(form: Form, path: Path, body: Json, limits: Limits) -> None:
    """Note what is wrong with one command's definition."""
    before = form.is_clean
    shapes.check(form, path, body, shapes.COMMAND)
    kind = body.get("type") or 1
    if (before and not form.is_clean) or not form.choice((*path, "type"), kind, (1, 2, 3)):
        return
    if form.length((*path, "name"), body.get("name"), 1, limits.command_name) and kind == 1:
        _check_name(form, (*path, "name"), body["name"])
    if kind == 1:
        form.length((*path, "description"), body.get("description"), 1, limits.command_description)
        _check_options(form, path, as_list(body.get("options")), limits, depth=0)
        if text_size(body) > limits.command_total:
            form.wrong(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({limits.command_total})")
    elif body.get("description"):
        form.wrong(
            (*path, "description"),
            "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_UNSUPPORTED",
            "Context menu commands cannot have description",
        )


def _check_name(form: Form, path: Path, name: str) -> None:
    if not _NAME.fullmatch(name) or name != name.lower():
        form.wrong(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(form: Form, path: Path, options: list[Json], limits: Limits, *, depth: int) -> None:
    form.length((*path, "options"), options, 0, limits.command_options)
    seen: set[str] = set()
    has_optional = False
    for place, option in enumerate(options):
        spot = (*path, "options", place)
        kind = option.get("type")
        if not form.choice((*spot, "type"), kind, tuple(range(1, 12))):
            continue
        if form.length((*spot, "name"), option.get("name"), 1, limits.command_name):
            _check_name(form, (*spot, "name"), option["name"])
            if option["name"] in seen:
                form.wrong(
                    (*spot, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", "Option names must be unique"
                )
            seen.add(option["name"])
        form.length((*spot, "description"), option.get("description"), 1, limits.command_description)
        if kind in (1, 2):
            if depth >= 2 or (kind == 2 and depth >= 1):
                form.wrong(
                    (*spot, "type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Sub-commands nest one group deep"
                )
            _check_options(form, spot, as_list(option.get("options")), limits, depth=depth + 1)
            continue
        if option.get("required") and has_optional:
            form.wrong(
                spot,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        has_optional = has_optional or not option.get("required")
        _check_choices(form, spot, option, limits)


def _check_choices(form: Form, path: Path, option: Json, limits: Limits) -> None:
    choices: list[Json] = as_list(option.get("choices"))
    form.length((*path, "choices"), choices, 0, limits.choices)
    if choices and option.get("autocomplete"):
        form.wrong(
            (*path, "choices"), "APPLICATION_COMMAND_OPTION_CHOICES_AUTOCOMPLETE", "Choices exclude autocomplete"
        )
    for place, choice in enumerate(choices):
        form.length((*path, "choices", place, "name"), choice.get("name"), 1, limits.choice_name)
        if isinstance(choice.get("value"), str):
            form.length((*path, "choices", place, "value"), choice["value"], 1, limits.choice_value)


def text_size(item: Json) -> int:
    """The characters of names, descriptions and choice values, over all options."""
    total = len(str(item.get("name") or "")) + len(str(item.get("description") or ""))
    total += sum(
        len(str(choice.get("value") or "")) + len(str(choice.get("name") or ""))
        for choice in as_list(item.get("choices"))
    )
    return total + sum(text_size(option) for option in as_list(item.get("options")))


def check_choices(data: Json, limits: Limits) -> list[Json]:
    """The completions that a bot offers for an option. Refused with 50035."""
    shapes.require(data, {"choices": [{"name": str, "value": shapes.Anything}]}, ("data",))
    choices: list[Json] = as_list(data.get("choices"))
    form = Form()
    form.length(("data", "choices"), choices, 0, limits.choices)
    for place, choice in enumerate(choices):
        form.length(("data", "choices", place, "name"), choice.get("name"), 1, limits.choice_name)
        if isinstance(choice.get("value"), str):
            form.length(("data", "choices", place, "value"), choice["value"], 1, limits.choice_value)
    form.check()
    return choices


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
