"""Discord's rules for the definition of application commands, a row each."""

import json
from pathlib import Path
from typing import Any

import pytest

from ompycord.playground.rules.commands import LOCALES
from tests.support.discord_schema import DiscordSchema
from tests.support.playground import Playground
from tests.support.playground_rules import Rule, refused, require_rule

COMMANDS = "/applications/$app/guilds/$guild/commands"


def _option(kind: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": "it", "description": "what", **more}


def _slash(*options: Any, **more: Any) -> dict[str, Any]:
    return {"name": "do", "description": "something", "options": list(options), **more}


def _choice(value: object, name: str = "one") -> dict[str, Any]:
    return {"choices": [{"name": name, "value": value}]}


SUB = {"type": 1, "name": "sub", "description": "what"}
GROUP = {"type": 2, "name": "group", "description": "what"}
CODES: dict[str, list[tuple[str, dict[str, Any], str]]] = {
    "APPLICATION_COMMAND_INVALID_NAME": [
        ("a name with a space", _slash(name="do it"), "name"),
        ("a name in capitals", _slash(name="Do"), "name"),
        ("an option in capitals", _slash(_option(3, name="It")), "options.0.name"),
        ("a localized name in capitals", _slash(name_localizations={"de": "Tu"}), "name_localizations.de"),
    ],
    "BASE_TYPE_REQUIRED": [
        ("no name", {"description": "something"}, "name"),
        ("no description", {"name": "do"}, "description"),
        ("an option without a name", _slash({"type": 3, "description": "x"}), "options.0.name"),
        ("an option without a description", _slash({"type": 3, "name": "it"}), "options.0.description"),
        ("a choice without a value", _slash(_option(3, choices=[{"name": "one"}])), "options.0.choices.0.value"),
        ("a choice without a name", _slash(_option(3, choices=[{"value": "1"}])), "options.0.choices.0.name"),
    ],
    "BASE_TYPE_CHOICES": [
        ("a type that is none", _slash(type=9), "type"),
        ("an option type that is none", _slash(_option(12)), "options.0.type"),
        ("a context that is none", _slash(contexts=[3]), "contexts.0"),
        ("an installation that is none", _slash(integration_types=[2]), "integration_types.0"),
        ("a channel type that is none", _slash(_option(7, channel_types=[9])), "options.0.channel_types.0"),
    ],
    "BASE_TYPE_BAD_LENGTH": [
        ("a long name", _slash(name="x" * 33), "name"),
        (
            "a long localized description",
            _slash(description_localizations={"de": "x" * 101}),
            "description_localizations.de",
        ),
        ("no contexts at all", _slash(contexts=[]), "contexts"),
        ("a long choice", _slash(_option(3, **_choice("x" * 101))), "options.0.choices.0.value"),
    ],
    "BASE_TYPE_MAX_LENGTH": [
        ("26 options", _slash(*(_option(3, name=f"o{n}") for n in range(26))), "options"),
        (
            "26 choices",
            _slash(_option(3, choices=[{"name": str(n), "value": str(n)} for n in range(26)])),
            "options.0.choices",
        ),
    ],
    "ENUM_TYPE_COERCE": [
        ("a language that is none", _slash(name_localizations={"xx": "tu"}), "name_localizations.xx"),
        (
            "an option's language that is none",
            _slash(_option(3, description_localizations={"deutsch": "was"})),
            "options.0.description_localizations.deutsch",
        ),
    ],
    "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_UNSUPPORTED": [
        ("a menu with a description", {"type": 2, "name": "Ask", "description": "x"}, "description")
    ],
    "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_UNSUPPORTED": [
        ("a menu with options", {"type": 3, "name": "Ask", "options": [_option(3)]}, "options")
    ],
    "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID": [
        ("sub-commands beside options", _slash(SUB, _option(3)), "options"),
        ("a group in a group", _slash({**GROUP, "options": [{**GROUP, "name": "g"}]}), "options.0.options.0.type"),
        ("an option in a group", _slash({**GROUP, "options": [_option(3)]}), "options.0.options.0.type"),
        ("a sub-command in a sub-command", _slash({**SUB, "options": [SUB]}), "options.0.options.0.type"),
    ],
    "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED": [
        ("two options of one name", _slash(_option(3), _option(4)), "options.1.name")
    ],
    "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID": [
        ("a required option after another", _slash(_option(3), _option(3, name="b", required=True)), "options.1")
    ],
    "APPLICATION_COMMAND_OPTION_CHOICES_AUTOCOMPLETE": [
        ("choices that are completed", _slash(_option(3, autocomplete=True, **_choice("1"))), "options.0.choices")
    ],
    "NUMBER_TYPE_MAX": [
        ("a text of over 6000", _slash(_option(3, max_length=6001)), "options.0.max_length"),
        ("a whole number beyond 2^53", _slash(_option(4, max_value=1 << 53)), "options.0.max_value"),
        ("a number beyond 2^53", _slash(_option(10, **_choice(1 << 54))), "options.0.choices.0.value"),
        ("permissions that are none", _slash(default_member_permissions=str(1 << 54)), "default_member_permissions"),
    ],
    "NUMBER_TYPE_MIN": [
        ("a longest text of nothing", _slash(_option(3, max_length=0)), "options.0.max_length"),
        ("a whole number below -2^53", _slash(_option(4, min_value=-(1 << 53))), "options.0.min_value"),
    ],
    "NUMBER_TYPE_COERCE": [
        ("a half of a whole number", _slash(_option(4, min_value=0.5)), "options.0.min_value"),
        ("a text among whole numbers", _slash(_option(4, **_choice("one"))), "options.0.choices.0.value"),
        ("a text among numbers", _slash(_option(10, **_choice("one"))), "options.0.choices.0.value"),
        ("permissions in words", _slash(default_member_permissions="all"), "default_member_permissions"),
        ("a type in words", _slash(type="slash"), "type"),
    ],
    "STRING_TYPE_CONVERT": [
        ("a number among texts", _slash(_option(3, **_choice(1))), "options.0.choices.0.value"),
        ("a name that is a number", _slash(name=7), "name"),
        ("a description that is a list", _slash(description=["x"]), "description"),
        ("an option's name that is a number", _slash(_option(3, name=7)), "options.0.name"),
    ],
    "BOOLEAN_TYPE_CONVERT": [
        ("a flag that is a word", _slash(nsfw="yes"), "nsfw"),
        ("an option's flag that is a number", _slash(_option(3, required=1)), "options.0.required"),
    ],
    "LIST_TYPE_CONVERT": [("contexts that are no list", _slash(contexts=0), "contexts")],
    "DICT_TYPE_CONVERT": [("an option that is a word", _slash("it"), "options.0")],
}
FULL = _slash(
    {
        **GROUP,
        "options": [
            {
                **SUB,
                "options": [
                    _option(3, name="text", required=True, min_length=0, max_length=6000, autocomplete=True),
                    _option(4, name="whole", min_value=1 - 2**53, max_value=2**53 - 1, **_choice(3)),
                    _option(10, name="number", min_value=0.5, **_choice(1.5)),
                    _option(10, name="large", min_value=-(2**53), max_value=2**53, **_choice(2**53)),
                    _option(7, name="channel", channel_types=[0, 2, 4, 5, 13, 15]),
                    _option(5, name="flag"),
                ],
            }
        ],
    },
    name_localizations={"de": "tu", "es-419": "haz"},
    contexts=[0],
    default_member_permissions=2**54 - 1,
)
RULES = [
    Rule(name="everything at once", path=COMMANDS, body=FULL, status=201, shows={"options.0.options.0.options.*": 6}),
    Rule(
        name="a menu may have capitals and spaces",
        path=COMMANDS,
        body={"type": 2, "name": "Ask This One", "name_localizations": {"de": "Frag Den"}},
        status=201,
    ),
    Rule(
        name="keys of other types are ignored",
        path=COMMANDS,
        body=_slash(_option(5, min_value=9, max_length=0, **_choice(1))),
        status=201,
    ),
    Rule(
        name="what is no list replaces nothing",
        method="PUT",
        path=COMMANDS,
        body={"name": "do"},
        status=400,
        code=50035,
        wrong={"body": "LIST_TYPE_CONVERT"},
    ),
    Rule(
        name="two of one name",
        method="PUT",
        path=COMMANDS,
        body=[_slash(), _slash()],
        status=400,
        code=50035,
        wrong={"1.name": "APPLICATION_COMMANDS_DUPLICATE_NAME"},
    ),
    Rule(
        name="every command of a list is judged by itself",
        method="PUT",
        path=COMMANDS,
        body=[_slash(name="Do"), _slash(default_member_permissions="all")],
        status=400,
        code=50035,
        wrong={"0.name": "APPLICATION_COMMAND_INVALID_NAME", "1.default_member_permissions": "NUMBER_TYPE_COERCE"},
    ),
    Rule(
        name="a command renamed to another's name",
        method="PATCH",
        path=f"{COMMANDS}/$second",
        body={"name": "first"},
        given=("two commands",),
        status=400,
        code=40041,
    ),
    *(
        refused(name, body, path=COMMANDS, at=at, because=code)
        for code, rows in CODES.items()
        for name, body, at in rows
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=str)
async def test_a_command_is_judged_as_discord_judges_it(playground: Playground, rule: Rule) -> None:
    await require_rule(playground, rule)


async def test_numbers_come_back_as_their_options_have_them(playground: Playground) -> None:
    info = playground.info
    path = f"/applications/{info.application_id}/guilds/{info.guild_id}/commands"
    body = _slash(_option(10, min_value=1, **_choice(2)), _option(4, name="whole", min_value=3, **_choice(4)))
    made = await playground.rest("POST", path, body)
    number, whole = made.body["options"]
    assert [repr(value) for value in (number["min_value"], number["choices"][0]["value"])] == ["1.0", "2.0"]
    assert [repr(value) for value in (whole["min_value"], whole["choices"][0]["value"])] == ["3", "4"]


@pytest.mark.shared
@pytest.mark.parametrize("rule", RULES[:2], ids=str)
async def test_a_command_that_is_taken_is_within_discords_description(
    playground: Playground, rule: Rule, discord_schema: DiscordSchema
) -> None:
    await require_rule(playground, rule, discord_schema)


@pytest.mark.shared
def test_the_languages_are_discords(shared: Path) -> None:
    description = json.loads((shared / "data" / "discord" / "openapi.json").read_text("utf-8"))
    listed = description["components"]["schemas"]["AvailableLocalesEnum"]["oneOf"]
    assert sorted(LOCALES) == sorted(item["const"] for item in listed)
