"""Discord's rules for components, a row each: layouts of the second kind, buttons, selects, and forms."""

from typing import Any

import pytest

from ompycord.playground.client import RefusedError
from tests.support.discord_schema import DiscordSchema
from tests.support.playground import Playground
from tests.support.playground_bot import raw_bot
from tests.support.playground_rules import Rule, found_wrong, refused, require_rule

V2 = 1 << 15
TEXT = {"type": 10, "content": "hello"}
GO = {"type": 2, "style": 1, "label": "Go", "custom_id": "go"}
PICTURE = {"media": {"url": "https://example.org/a.png"}}
SECTION = {"type": 9, "components": [TEXT], "accessory": {"type": 11, **PICTURE}}
OPTIONS = [{"label": name, "value": name} for name in ("a", "b", "c")]


def _v2(*components: Any) -> dict[str, Any]:
    return {"flags": V2, "components": list(components)}


def _row(*children: Any) -> dict[str, Any]:
    return {"components": [{"type": 1, "components": list(children)}]}


def _button(**changes: Any) -> dict[str, Any]:
    return _row({**GO, **changes})


ALL_KINDS = _v2(
    {
        "type": 17,
        "accent_color": 0xFF0000,
        "components": [
            TEXT,
            SECTION,
            {"type": 12, "items": [PICTURE, {**PICTURE, "description": "a picture"}]},
            {"type": 14, "spacing": 2},
            {"type": 1, "components": [GO]},
        ],
    }
)
CODES = {
    "BASE_TYPE_CHOICES": [
        ("a thumbnail at the top", _v2({"type": 11, **PICTURE}), "components.0.type"),
        ("a button at the top", _v2(GO), "components.0.type"),
        ("a text input at the top", _v2({"type": 4, "custom_id": "x", "style": 1}), "components.0.type"),
        ("a layout without its flag", {"components": [TEXT]}, "components.0.type"),
        ("a button in a section", _v2({**SECTION, "components": [GO]}), "components.0.components.0.type"),
        ("a text as an accessory", _v2({**SECTION, "accessory": TEXT}), "components.0.accessory.type"),
        (
            "a container in a container",
            _v2({"type": 17, "components": [{"type": 17, "components": [TEXT]}]}),
            "components.0.components.0.type",
        ),
        ("a separator of another size", _v2({"type": 14, "spacing": 3}), "components.0.spacing"),
        (
            "a role as a user select's default",
            _row({"type": 5, "custom_id": "u", "default_values": [{"id": "1", "type": "role"}]}),
            "components.0.components.0.default_values.0.type",
        ),
    ],
    "BASE_TYPE_REQUIRED": [
        ("a section without an accessory", _v2({"type": 9, "components": [TEXT]}), "components.0.accessory"),
        ("a picture without an address", _v2({"type": 12, "items": [{}]}), "components.0.items.0.media.url"),
        (
            "a premium button without a sku",
            _row({"type": 2, "style": 6}),
            "components.0.components.0.sku_id",
        ),
    ],
    "BASE_TYPE_BAD_LENGTH": [
        ("a section without a text", _v2({**SECTION, "components": []}), "components.0.components"),
        ("a section of four texts", _v2({**SECTION, "components": [TEXT] * 4}), "components.0.components"),
        ("an empty container", _v2({"type": 17, "components": []}), "components.0.components"),
        ("an empty gallery", _v2({"type": 12, "items": []}), "components.0.items"),
        ("a gallery of eleven", _v2({"type": 12, "items": [PICTURE] * 11}), "components.0.items"),
        ("an empty text", _v2({"type": 10, "content": ""}), "components.0.content"),
        ("a text of 4001", _v2({"type": 10, "content": "x" * 4001}), "components.0.content"),
        (
            "a description of 1025",
            _v2({"type": 12, "items": [{**PICTURE, "description": "x" * 1025}]}),
            "components.0.items.0.description",
        ),
        (
            "two defaults for one value",
            _row({"type": 6, "custom_id": "r", "default_values": [{"id": "1", "type": "role"}] * 2}),
            "components.0.components.0.default_values",
        ),
    ],
    "BASE_TYPE_MAX_LENGTH": [
        ("41 components", _v2(*[TEXT] * 41), "components"),
        (
            "4001 characters together",
            _v2({"type": 10, "content": "x" * 4000}, {"type": 10, "content": "y"}),
            "components",
        ),
    ],
    "UNFURLED_MEDIA_ITEM_REFERENCE_REQUIRED": [
        ("a file elsewhere", _v2({"type": 13, "file": {"url": "https://example.org/a"}}), "components.0.file.url")
    ],
    "URL_TYPE_INVALID_URL": [
        (
            "a picture of no address",
            _v2({"type": 12, "items": [{"media": {"url": "a.png"}}]}),
            "components.0.items.0.media.url",
        )
    ],
    "NUMBER_TYPE_MAX": [
        (
            "a colour beyond white",
            _v2({"type": 17, "accent_color": 0x1000000, "components": [TEXT]}),
            "components.0.accent_color",
        )
    ],
    "COMPONENT_ID_DUPLICATED": [("two of one number", _v2({**TEXT, "id": 7}, {**TEXT, "id": 7}), "components.1.id")],
    "URL_TYPE_INVALID_SCHEME": [
        (
            "a link of another scheme",
            _button(style=5, url="ftp://example.org", custom_id=None),
            "components.0.components.0.url",
        )
    ],
    "BUTTON_COMPONENT_INVALID": [
        ("a plain button with an address", _button(url="https://example.org"), "components.0.components.0.url"),
        ("a plain button with a sku", _button(sku_id="1"), "components.0.components.0.sku_id"),
        (
            "a premium button with a label",
            _button(style=6, sku_id="1", custom_id=None),
            "components.0.components.0.label",
        ),
    ],
    "COMPONENT_INVALID_EMOJI": [
        ("a button's emoji that is none", _button(emoji={"name": "smile"}), "components.0.components.0.emoji"),
        ("another guild's emoji", _button(emoji={"id": "1", "name": "x"}), "components.0.components.0.emoji"),
        (
            "an option's emoji that is none",
            _row({"type": 3, "custom_id": "s", "options": [{**OPTIONS[0], "emoji": {"name": "x"}}]}),
            "components.0.components.0.options.0.emoji",
        ),
    ],
}
RULES = [
    Rule(
        name="every layout",
        body=ALL_KINDS,
        shows={
            "components.0.accent_color": 0xFF0000,
            "components.0.spoiler": False,
            "components.0.components.1.accessory.media.url": "https://example.org/a.png",
            "components.0.components.2.items.1.description": "a picture",
            "components.0.components.3.divider": True,
        },
    ),
    *(refused(name, body, at=at, because=code) for code, rows in CODES.items() for name, body, at in rows),
]


@pytest.mark.parametrize("rule", RULES, ids=str)
async def test_components_are_judged_as_discord_judges_them(playground: Playground, rule: Rule) -> None:
    await require_rule(playground, rule)


@pytest.mark.shared
async def test_every_layout_is_within_discords_description(
    playground: Playground, discord_schema: DiscordSchema
) -> None:
    await require_rule(playground, RULES[0], discord_schema)


def _label(component: Any) -> list[Any]:
    return [{"type": 18, "label": "Which?", "component": {"custom_id": "c", **component}}]


FORMS: dict[str, tuple[list[Any], dict[str, str]]] = {
    "one radio option": (
        _label({"type": 21, "options": OPTIONS[:1]}),
        {"data.components.0.component.options": "BASE_TYPE_BAD_LENGTH"},
    ),
    "eleven radio options": (
        _label({"type": 21, "options": [{"label": str(n), "value": str(n)} for n in range(11)]}),
        {"data.components.0.component.options": "BASE_TYPE_BAD_LENGTH"},
    ),
    "two radio defaults": (
        _label({"type": 21, "options": [{**item, "default": True} for item in OPTIONS]}),
        {"data.components.0.component.options": "SELECT_COMPONENT_TOO_MANY_DEFAULTS"},
    ),
    "no box": (
        _label({"type": 22, "options": []}),
        {"data.components.0.component.options": "BASE_TYPE_BAD_LENGTH"},
    ),
    "more boxes than ten": (
        _label({"type": 22, "options": OPTIONS, "max_values": 11}),
        {"data.components.0.component.max_values": "NUMBER_TYPE_MAX"},
    ),
    "none of what is required": (
        _label({"type": 22, "options": OPTIONS, "min_values": 0}),
        {"data.components.0.component.min_values": "NUMBER_TYPE_MIN"},
    ),
    "a disabled select": (
        _label({"type": 3, "options": OPTIONS, "disabled": True}),
        {"data.components.0.component.disabled": "MODAL_COMPONENT_DISABLED"},
    ),
    "a button in a form": (
        _label({"type": 2, "style": 1, "label": "Go"}),
        {"data.components.0.component.type": "BASE_TYPE_CHOICES"},
    ),
    "a radio group without its label": (
        [{"type": 1, "components": [{"type": 21, "custom_id": "c", "options": OPTIONS}]}],
        {"data.components.0.components.0.type": "BASE_TYPE_CHOICES"},
    ),
}


@pytest.mark.parametrize(("components", "wrong"), FORMS.values(), ids=FORMS)
async def test_a_form_is_judged_as_discord_judges_it(
    playground: Playground, components: list[Any], wrong: dict[str, str]
) -> None:
    async with raw_bot(playground) as bot:
        await bot.sync([{"name": "ask", "description": "x"}])
        await playground.ada.start_command("ask")
        shown = await bot.answer(
            await bot.event("INTERACTION_CREATE"), 9, {"custom_id": "m", "title": "t", "components": components}
        )
    assert (shown.status, shown.body["code"], found_wrong(shown.body["errors"])) == (400, 50035, wrong)


CHOSEN: list[tuple[dict[str, Any], object, dict[str, Any]]] = [
    ({"type": 21, "options": OPTIONS}, "b", {"value": "b"}),
    ({"type": 21, "options": OPTIONS, "required": False}, None, {"value": None}),
    ({"type": 22, "options": OPTIONS}, ["a", "c"], {"values": ["a", "c"]}),
    ({"type": 22, "options": OPTIONS, "required": False}, [], {"values": []}),
    ({"type": 23}, True, {"value": True}),
    ({"type": 23, "default": True}, False, {"value": False}),
]


@pytest.mark.parametrize(("component", "chosen", "sent"), CHOSEN, ids=lambda item: str(item)[:30])
async def test_what_is_chosen_in_a_form_arrives(
    playground: Playground, component: dict[str, Any], chosen: object, sent: dict[str, Any]
) -> None:
    answer = await _submitted(playground, component, {"c": chosen})
    inner = answer["data"]["components"][0]["component"]
    assert {key: inner[key] for key in ("type", "custom_id", *sent)} == {
        "type": component["type"],
        "custom_id": "c",
        **sent,
    }


@pytest.mark.parametrize(
    ("component", "chosen", "words"),
    [
        ({"type": 21, "options": OPTIONS}, None, "This field is required."),
        ({"type": 21, "options": OPTIONS}, "d", "Not one of the choices."),
        ({"type": 22, "options": OPTIONS}, [], "This field is required."),
        ({"type": 22, "options": OPTIONS, "max_values": 1}, ["a", "b"], "Choose 1 to 1."),
        ({"type": 22, "options": OPTIONS}, ["d"], "Not one of the choices."),
        ({"type": 23}, "yes", "This field is checked or not."),
    ],
    ids=str,
)
async def test_a_wrong_choice_is_refused_at_its_field(
    playground: Playground, component: dict[str, Any], chosen: object, words: str
) -> None:
    with pytest.raises(RefusedError) as refusal:
        await _submitted(playground, component, {"c": chosen})
    assert refusal.value.errors == {"c": words}


async def _submitted(playground: Playground, component: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The interaction that a filled form makes."""
    form = {"custom_id": "m", "title": "t", "components": _label(component)}
    async with raw_bot(playground) as bot:
        await bot.sync([{"name": "ask", "description": "x"}])
        asked = await playground.ada.start_command("ask")
        await bot.answer(await bot.event("INTERACTION_CREATE"), 9, form)
        shown = await playground.ada.wait_answer(asked)
        assert shown.modal is not None
        await playground.ada.send_form(shown.modal, values)
        return await bot.event("INTERACTION_CREATE")
