"""Pure: Discord's rules for application commands, what the bot defines; `command_use.py` has what people fill in."""

import re
from typing import Final

from ompycord.playground.rules import shapes
from ompycord.playground.rules.command_use import LONGEST_TEXT
from ompycord.playground.rules.documents import EXACT, Json, as_list, as_object
from ompycord.playground.rules.errors import Form
from ompycord.playground.rules.limits import Limits

Path = tuple[str | int, ...]
_NAME: Final = re.compile(r"[-_'\w]+")
"""Close to Discord's `^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$`: the standard library knows no scripts."""
SLASH: Final = 1
SUB_COMMAND, GROUP, TEXT, INTEGER, CHANNEL, NUMBER = 1, 2, 3, 4, 7, 10
NESTING: Final = (SUB_COMMAND, GROUP)
TOP_TYPES: Final = tuple(range(1, 12))
VALUE_TYPES: Final = tuple(range(3, 12))
CHANNEL_TYPES: Final = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 16)
MOST_PERMISSIONS: Final = (1 << 54) - 1
"""The bits that a command's default permissions can have (Discord's OpenAPI description)."""
LOCALES: Final = (
    *(
        "ar",
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en-GB",
        "en-US",
        "es-419",
        "es-ES",
        "fi",
        "fr",
        "he",
        "hi",
        "hr",
        "hu",
        "id",
    ),
    *("it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th", "tr", "uk", "vi", "zh-CN", "zh-TW"),
)
"""Discord, API reference, "Locales", and its OpenAPI description."""


def check_command(form: Form, path: Path, body: Json, limits: Limits) -> None:
    """Note what is wrong with one command's definition."""
    before = form.count
    shapes.check(form, path, body, shapes.COMMAND)
    kind = body.get("type") or 1
    if form.count > before or not form.choice((*path, "type"), kind, (1, 2, 3)):
        return
    if _has_text(form, (*path, "name"), body.get("name"), limits.command_name) and kind == SLASH:
        _check_name(form, (*path, "name"), body["name"])
    _check_localizations(form, path, body, limits, is_name_free=kind != SLASH)
    _check_reach(form, path, body)
    if kind == SLASH:
        _has_text(form, (*path, "description"), body.get("description"), limits.command_description)
        _Options(form, limits).check(path, as_list(body.get("options")), TOP_TYPES)
        if text_size(body) > limits.command_total:
            form.wrong(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({limits.command_total})")
        return
    for key in ("description", "options"):
        if body.get(key):
            words = f"Context menu commands cannot have {key}"
            form.wrong((*path, key), f"APPLICATION_COMMAND_CONTEXT_MENU_{key.upper()}_UNSUPPORTED", words)


def _check_name(form: Form, path: Path, name: str) -> None:
    if not _NAME.fullmatch(name) or name != name.lower():
        form.wrong(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _has_text(form: Form, path: Path, value: object, highest: int) -> bool:
    """A text that must be there, of 1 to `highest` characters."""
    if value is None:
        form.required(path)
        return False
    return form.length(path, value, 1, highest)


def _check_localizations(form: Form, path: Path, item: Json, limits: Limits, *, is_name_free: bool = False) -> None:
    """Names and descriptions in other languages follow the rules of the ones they stand for."""
    for key, highest in (("name", limits.command_name), ("description", limits.command_description)):
        for locale, text in (as_object(item.get(f"{key}_localizations")) or {}).items():
            spot = (*path, f"{key}_localizations", locale)
            if locale not in LOCALES:
                form.wrong(spot, "ENUM_TYPE_COERCE", f'Value "{locale}" is not a valid enum value.')
            elif text is not None and not isinstance(text, str):
                form.wrong(spot, "STRING_TYPE_CONVERT", "Could not interpret the value as string.")
            elif text is not None and form.length(spot, text, 1, highest) and key == "name" and not is_name_free:
                _check_name(form, spot, text)


def _check_reach(form: Form, path: Path, body: Json) -> None:
    """Who may use the command, and where."""
    if body.get("default_member_permissions") is not None:
        form.between(
            (*path, "default_member_permissions"), int(body["default_member_permissions"]), 0, MOST_PERMISSIONS
        )
    for key, allowed in (("contexts", (0, 1, 2)), ("integration_types", (0, 1))):
        if body.get(key) is not None:
            form.length((*path, key), body[key], 1, len(allowed))
            for place, value in enumerate(as_list(body[key])):
                form.choice((*path, key, place), value, allowed)


class _Options:
    """Walks a command's options, nested ones too."""

    def __init__(self, form: Form, limits: Limits) -> None:
        self._form = form
        self._limits = limits

    def check(self, path: Path, options: list[Json], allowed: tuple[int, ...]) -> None:
        self._form.length((*path, "options"), options, 0, self._limits.command_options)
        kinds = {option.get("type") for option in options}
        if kinds & set(NESTING) and kinds - set(NESTING):
            words = "Sub-command and sub-command group option types are mutually exclusive to all other types"
            self._form.wrong((*path, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", words)
        seen: set[str] = set()
        has_optional = False
        for place, option in enumerate(options):
            spot = (*path, "options", place)
            if not self._form.choice((*spot, "type"), option.get("type"), TOP_TYPES):
                continue
            if option["type"] not in allowed:
                words = "Sub-commands nest one group deep"
                self._form.wrong((*spot, "type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", words)
                continue
            self._check_words(spot, option, seen)
            if option["type"] in NESTING:
                self.check(spot, as_list(option.get("options")), (1,) if option["type"] == GROUP else VALUE_TYPES)
                continue
            if option.get("required") and has_optional:
                self._form.wrong(
                    spot,
                    "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                    "Required options must be placed before non-required options",
                )
            has_optional = has_optional or not option.get("required")
            self._check_bounds(spot, option)
            self._check_choices(spot, option)

    def _check_words(self, path: Path, option: Json, seen: set[str]) -> None:
        form, limits = self._form, self._limits
        if _has_text(form, (*path, "name"), option.get("name"), limits.command_name):
            _check_name(form, (*path, "name"), option["name"])
            if option["name"] in seen:
                words = "Option names must be unique"
                form.wrong((*path, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", words)
            seen.add(option["name"])
        _has_text(form, (*path, "description"), option.get("description"), limits.command_description)
        _check_localizations(form, path, option, limits)

    def _check_bounds(self, path: Path, option: Json) -> None:
        """What a value may be. Keys that belong to other types are ignored, as Discord does."""
        form, kind = self._form, option["type"]
        if kind == TEXT:
            for key, least in (("min_length", 0), ("max_length", 1)):
                if option.get(key) is not None:
                    form.between((*path, key), option[key], least, LONGEST_TEXT)
        if kind in (INTEGER, NUMBER):
            for key in ("min_value", "max_value"):
                if option.get(key) is not None:
                    _check_number(form, (*path, key), option[key], is_whole=kind == INTEGER)
        if kind == CHANNEL:
            for place, value in enumerate(as_list(option.get("channel_types"))):
                form.choice((*path, "channel_types", place), value, CHANNEL_TYPES)

    def _check_choices(self, path: Path, option: Json) -> None:
        if option["type"] not in (TEXT, INTEGER, NUMBER):
            return
        form, limits = self._form, self._limits
        choices: list[Json] = as_list(option.get("choices"))
        form.length((*path, "choices"), choices, 0, limits.choices)
        if choices and option.get("autocomplete"):
            words = "Choices exclude autocomplete"
            form.wrong((*path, "choices"), "APPLICATION_COMMAND_OPTION_CHOICES_AUTOCOMPLETE", words)
        for place, choice in enumerate(choices):
            spot = (*path, "choices", place)
            _has_text(form, (*spot, "name"), choice.get("name"), limits.choice_name)
            self._check_choice_value((*spot, "value"), choice.get("value"), option["type"])

    def _check_choice_value(self, path: Path, value: object, kind: int) -> None:
        if value is None:
            self._form.required(path)
        elif kind == TEXT:
            self._form.length(path, value, 1, self._limits.choice_value)
        else:
            _check_number(self._form, path, value, is_whole=kind == INTEGER)


def _check_number(form: Form, path: Path, value: object, *, is_whole: bool) -> None:
    """A number that Discord can keep: between -2^53 and 2^53, both left out for whole ones."""
    if is_whole and not isinstance(value, int):
        form.wrong(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
    elif is_whole:
        form.between(path, value, 1 - EXACT, EXACT - 1)
    else:
        form.between(path, value, float(-EXACT), float(EXACT))


def normalized_options(options: list[Json]) -> list[Json]:
    """Options as Discord gives them back: the bounds and choices of a number are doubles."""
    return [_normalized(option) for option in options]


def _normalized(option: Json) -> Json:
    result: Json = dict(option)
    if result.get("options"):
        result["options"] = normalized_options(as_list(result["options"]))
    if result.get("type") != NUMBER:
        return result
    for key in ("min_value", "max_value"):
        if result.get(key) is not None:
            result[key] = float(result[key])
    if result.get("choices"):
        choices: list[Json] = as_list(result["choices"])
        result["choices"] = [{**choice, "value": float(choice["value"])} for choice in choices]
    return result


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
