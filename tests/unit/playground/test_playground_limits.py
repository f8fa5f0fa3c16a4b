"""Every limit of a message, a form and a command: at it all is well, one past it Discord refuses."""

from collections.abc import Callable
from typing import Any

import pytest

from ompycord.playground.rules import bodies, commands, modals
from ompycord.playground.rules.errors import DiscordError, Form
from ompycord.playground.rules.limits import LIMITS

Json = dict[str, Any]
Make = Callable[[int], Json]


def _errors(body: Json, *, uploads: int = 0) -> Json:
    """What is wrong with a message: the errors by field, empty where nothing is."""
    try:
        bodies.check_message(body, LIMITS, uploads=uploads)
    except DiscordError as error:
        return error.body["errors"]
    return {}


def _button(**more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "go", "custom_id": "a", **more}


def _rows(*items: Json) -> Json:
    return {"components": [{"type": 1, "components": list(items)}]}


def _select(count: int, **more: Any) -> Json:
    options = [{"label": str(number), "value": str(number)} for number in range(count)]
    return _rows({"type": 3, "custom_id": "s", "options": options, **more})


def _option(**more: Any) -> Json:
    return _rows({"type": 3, "custom_id": "s", "options": [{"label": "l", "value": "v", **more}]})


MESSAGES: list[tuple[str, int, Make, tuple[Any, ...]]] = [
    ("content", 2000, lambda n: {"content": "x" * n}, ("content",)),
    ("content in code points", 2000, lambda n: {"content": "🚀" * n}, ("content",)),
    ("embeds", 10, lambda n: {"embeds": [{"title": "t"}] * n}, ("embeds",)),
    ("title", 256, lambda n: {"embeds": [{"title": "x" * n}]}, ("embeds", "0", "title")),
    ("description", 4096, lambda n: {"embeds": [{"description": "x" * n}]}, ("embeds", "0", "description")),
    ("fields", 25, lambda n: {"embeds": [{"fields": [{"name": "n", "value": "v"}] * n}]}, ("embeds", "0", "fields")),
    (
        "name",
        256,
        lambda n: {"embeds": [{"fields": [{"name": "x" * n, "value": "v"}]}]},
        ("embeds", "0", "fields", "0", "name"),
    ),
    (
        "value",
        1024,
        lambda n: {"embeds": [{"fields": [{"name": "n", "value": "x" * n}]}]},
        ("embeds", "0", "fields", "0", "value"),
    ),
    ("footer", 2048, lambda n: {"embeds": [{"footer": {"text": "x" * n}}]}, ("embeds", "0", "footer", "text")),
    ("author", 256, lambda n: {"embeds": [{"author": {"name": "x" * n}}]}, ("embeds", "0", "author", "name")),
    (
        "all embeds",
        6000,
        lambda n: {"embeds": [{"description": "x" * 4000}, {"description": "y" * (n - 4000)}]},
        ("embeds",),
    ),
    (
        "rows",
        5,
        lambda n: {"components": [_rows(_button(custom_id=str(k)))["components"][0] for k in range(n)]},
        ("components",),
    ),
    ("row", 5, lambda n: _rows(*(_button(custom_id=str(k)) for k in range(n))), ("components", "0", "components")),
    (
        "custom id",
        100,
        lambda n: _rows(_button(custom_id="x" * n)),
        ("components", "0", "components", "0", "custom_id"),
    ),
    ("label", 80, lambda n: _rows(_button(label="x" * n)), ("components", "0", "components", "0", "label")),
    ("options", 25, _select, ("components", "0", "components", "0", "options")),
    (
        "placeholder",
        150,
        lambda n: _select(1, placeholder="x" * n),
        ("components", "0", "components", "0", "placeholder"),
    ),
    (
        "option label",
        100,
        lambda n: _option(label="x" * n),
        ("components", "0", "components", "0", "options", "0", "label"),
    ),
    (
        "option value",
        100,
        lambda n: _option(value="x" * n),
        ("components", "0", "components", "0", "options", "0", "value"),
    ),
    ("nonce", 25, lambda n: {"content": "x", "nonce": "1" * n}, ("nonce",)),
    (
        "named users",
        100,
        lambda n: {"content": "x", "allowed_mentions": {"users": ["1"] * n}},
        ("allowed_mentions", "users"),
    ),
    ("attachments", 10, lambda n: {"attachments": [{"id": str(k)} for k in range(n)]}, ("attachments",)),
]


@pytest.mark.parametrize(("limit", "make", "path"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
def test_a_message_at_the_limit_passes_and_past_it_is_refused(limit: int, make: Make, path: tuple[str, ...]) -> None:
    assert _errors(make(limit)) == {}
    spot: Any = _errors(make(limit + 1))
    for key in path:
        assert key in spot, spot
        spot = spot[key]
    assert spot["_errors"][0]["message"]


def test_blanks_around_a_text_do_not_count() -> None:
    assert _errors({"content": " " * 50 + "x" * 2000 + "\n" * 50}) == {}
    assert _errors({"embeds": [{"title": " " * 50 + "x" * 256}]}) == {}


@pytest.mark.parametrize(
    "body", [{}, {"content": ""}, {"content": " \n"}, {"embeds": []}, {"content": None, "components": []}]
)
def test_an_empty_message_is_refused_as_a_whole(body: Json) -> None:
    with pytest.raises(DiscordError, match="50006"):
        bodies.check_message(body, LIMITS, uploads=0)
    bodies.check_message(body, LIMITS, uploads=1)


def test_an_edit_may_leave_what_is_there_but_not_empty_it() -> None:
    before: Json = {"content": "x", "flags": 0}
    bodies.check_message({"embeds": []}, LIMITS, uploads=0, previous=before)
    with pytest.raises(DiscordError, match="50006"):
        bodies.check_message({"content": ""}, LIMITS, uploads=0, previous=before)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (_rows(_button(), _button()), ("components", "0", "components", "1", "custom_id")),
        (_rows(_button(style=5)), ("components", "0", "components", "0", "url")),
        (_rows(_button(label=None)), ("components", "0", "components", "0")),
        (_rows(_button(), _select(1)["components"][0]["components"][0]), ("components", "0", "components")),
        ({"components": [_button()]}, ("components", "0", "type")),
        (_select(2, min_values=2, max_values=1), ("components", "0", "components", "0", "min_values")),
        ({"content": "x", "flags": 1 << 15}, ()),
        ({"embeds": [{"fields": [{"name": " ", "value": "v"}]}]}, ("embeds", "0", "fields", "0", "name")),
        ({"embeds": [{"url": "javascript:1"}]}, ("embeds", "0", "url")),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, ("allowed_mentions",)),
        ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, ("allowed_mentions", "parse", "0")),
    ],
    ids=str,
)
def test_what_does_not_fit_together_is_named(body: Json, path: tuple[str, ...]) -> None:
    spot: Any = _errors(body)
    for key in path:
        spot = spot[key]
    assert spot["_errors"]


def _modal(title: str = "t", **more: Any) -> Json:
    text = {"type": 4, "custom_id": "a", "style": 1, "label": "l", **more}
    return {"custom_id": "m", "title": title, "components": [{"type": 1, "components": [text]}]}


def _labels(count: int) -> Json:
    parts = [
        {"type": 18, "label": "l", "component": {"type": 4, "custom_id": str(number), "style": 1}}
        for number in range(count)
    ]
    return {"custom_id": "m", "title": "t", "components": parts}


MODALS: list[tuple[str, int, Make]] = [
    ("title", 45, lambda n: _modal("x" * n)),
    ("inputs", 5, _labels),
    ("label", 45, lambda n: _modal(label="x" * n)),
    ("placeholder", 100, lambda n: _modal(placeholder="x" * n)),
    ("value", 4000, lambda n: _modal(value="x" * n)),
    ("max_length", 4000, lambda n: _modal(max_length=n)),
    ("custom_id", 100, lambda n: _modal(custom_id="x" * n)),
]


@pytest.mark.parametrize(("limit", "make"), [row[1:] for row in MODALS], ids=[row[0] for row in MODALS])
def test_a_form_at_the_limit_passes_and_past_it_is_refused(limit: int, make: Make) -> None:
    modals.check_modal(make(limit), LIMITS)
    with pytest.raises(DiscordError, match="50035"):
        modals.check_modal(make(limit + 1), LIMITS)


def _command(**more: Any) -> Json:
    return {"name": "run", "description": "d", **more}


def _options(count: int, **more: Any) -> list[Json]:
    return [{"type": 3, "name": f"o{number}", "description": "d", **more} for number in range(count)]


def _choices(count: int) -> Json:
    choices = [{"name": str(number), "value": str(number)} for number in range(count)]
    return _command(options=_options(1, choices=choices))


def _heavy(total: int) -> Json:
    """A command whose names, descriptions and values have `total` characters."""
    choices: list[Json] = [{"name": "n" * 100, "value": "v" * 100} for _ in range(38)]
    options: list[Json] = [
        {
            "type": 3,
            "name": f"o{number:02}",
            "description": "d" * 97,
            "choices": choices[number * 19 : number * 19 + 19],
        }
        for number in range(2)
    ]
    command = _command(options=options)
    missing = total - commands.text_size(command)
    options.extend({"type": 3, "name": f"p{number:02}", "description": "d" * 97} for number in range(missing // 100))
    options[0]["description"] = "d"
    command["description"] = "d"
    missing = total - commands.text_size(command)
    options[0]["description"] += "d" * min(99, missing)
    command["description"] += "d" * (total - commands.text_size(command))
    return command


COMMANDS: list[tuple[str, int, Make]] = [
    ("name", 32, lambda n: _command(name="x" * n)),
    ("description", 100, lambda n: _command(description="x" * n)),
    ("options", 25, lambda n: _command(options=_options(n))),
    ("choices", 25, _choices),
    ("all texts", 8000, _heavy),
]


@pytest.mark.parametrize(("limit", "make"), [row[1:] for row in COMMANDS], ids=[row[0] for row in COMMANDS])
def test_a_command_at_the_limit_passes_and_past_it_is_refused(limit: int, make: Make) -> None:
    fine, over = Form(), Form()
    commands.check_command(fine, (), make(limit), LIMITS)
    commands.check_command(over, (), make(limit + 1), LIMITS)
    assert fine.is_clean
    assert not over.is_clean


@pytest.mark.parametrize(
    "command",
    [
        _command(name="Run"),
        _command(name="run now"),
        _command(description=""),
        _command(options=[*_options(1), {"type": 3, "name": "late", "description": "d", "required": True}]),
        _command(options=[*_options(1), *_options(1)]),
        {"name": "Menu", "type": 3, "description": "not here"},
    ],
    ids=str,
)
def test_a_command_that_discord_refuses_is_refused(command: Json) -> None:
    form = Form()
    commands.check_command(form, (), command, LIMITS)
    assert not form.is_clean
