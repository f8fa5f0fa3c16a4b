"""The sentences, numbers and lists of help that people read."""

import re
from collections.abc import Iterator
from inspect import getmembers, isfunction
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

import ompycord
from ompycord.domain.access import Role
from ompycord.domain.folds.snapshot import ToolCall, Usage
from ompycord.render import notices, phrases
from ompycord.render.cards.blocks import tool_glyph, tool_line
from ompycord.render.help import CommandHelp, help_text
from ompycord.render.sanitizer import Sanitizer
from ompycord.text import utf16_len
from tests.support.snapshots import HOSTILE
from tests.support.states import NOON

INERT = Sanitizer(str)
PRODUCT = Path(ompycord.__file__).parent
WORDS: dict[str, Any] = {
    "helper": "lead",
    "needed": "approver",
    "by": "Grace",
    "at": NOON,
    "what": "Allow once",
    "url": "https://discord.com/channels/1/2/3",
    "sanitizer": INERT,
}


def all_notices(words: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, function in getmembers(notices, isfunction):
        if name in notices.__all__:
            arguments = function.__code__.co_varnames[: function.__code__.co_argcount]
            yield name, function(**{argument: words[argument] for argument in arguments})


def test_the_notices_read_well(snapshot: SnapshotAssertion) -> None:
    assert dict(all_notices(WORDS)) == snapshot
    assert notices.role_holder(None, INERT) == "an admin"


def test_every_notice_is_said_somewhere() -> None:
    product = "\n".join(path.read_text(encoding="utf-8") for path in PRODUCT.rglob("*.py") if path.name != "notices.py")
    assert [name for name in notices.__all__ if not re.search(rf"\b{name}\(", product)] == []


def test_notices_do_not_shout_or_apologise_and_stay_inert() -> None:
    for hostile in HOSTILE:
        hostile_words = {
            key: hostile if isinstance(value, str) and key != "url" else value for key, value in WORDS.items()
        }
        for name, text in all_notices({**hostile_words, "needed": "runner"}):
            assert "@everyone" not in text, name
            assert "<@" not in text.replace("<@\u200b", ""), name
    for name, text in all_notices(WORDS):
        assert "!" not in text, name
        assert "sorry" not in text.lower(), name
        assert "went wrong" not in text.lower(), name


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (phrases.money(0.004), "under $0.01"),
        (phrases.money(0), "$0.00"),
        (phrases.money(1234.5), "$1,234.50"),
        (phrases.cost(Usage(input=1)), "cost unknown"),
        (phrases.cost(Usage(cost_usd=0.42, cost_complete=False)), "at least $0.42"),
        (phrases.cost(Usage(cost_usd=0.004, cost_complete=False)), "at least $0.01"),
        (phrases.tokens(999), "999"),
        (phrases.tokens(61_999), "61k"),
        (phrases.tokens(1_250_000), "1.2M"),
        (phrases.tokens(3_000_000), "3M"),
        (phrases.duration(400), "0.4 s"),
        (phrases.duration(38_400), "38 s"),
        (phrases.duration(59_900), "59 s"),
        (phrases.duration(9 * 60_000 + 59_000), "9 min"),
        (phrases.duration(7_500_000), "2 h 5 min"),
        (phrases.duration(7_200_000), "2 h"),
        (phrases.place(1), "next in line"),
        (phrases.place(2), "2nd in line"),
        (phrases.place(11), "11th in line"),
        (phrases.place(23), "23rd in line"),
        (phrases.place(113), "113th in line"),
        (phrases.and_list([]), ""),
        (phrases.and_list(["a"]), "a"),
        (phrases.and_list(["a", "b", "c"]), "a, b and c"),
        (phrases.and_list(["a", "b", "c", "d", "e"]), "a, b, c and 2 more"),
        (phrases.sentence("Stopped by Ada"), "Stopped by Ada."),
        (phrases.sentence("Why?"), "Why?"),
        (phrases.iso(NOON), "2026-11-21T12:00:00.000Z"),
        (phrases.iso(2**53), "9999-12-31T23:59:59.000Z"),
        (phrases.clock(NOON), "12:00 UTC"),
    ],
)
def test_numbers_are_said_as_people_say_them(made: str, expected: str) -> None:
    assert made == expected


@pytest.mark.parametrize(
    ("tool", "glyph"),
    [
        ("Edit", "✏"),
        ("str_replace_based_edit_tool", "✏"),
        ("multi_edit", "✏"),
        ("rg", "🔍"),
        ("Grep", "🔍"),
        ("bash", "▶"),
        ("WebFetch", "🌐"),
        ("read_file", "📖"),
        ("TodoWrite", "📋"),
        ("Task", "🤖"),
        ("mcp__linear__comment", "🔧"),
        ("large", "🔧"),
    ],
)
def test_a_tool_has_a_picture_by_its_name(tool: str, glyph: str) -> None:
    assert tool_glyph(tool) == glyph


def test_a_tool_line_says_what_and_how_it_went() -> None:
    lines = [
        tool_line(ToolCall(tool="edit", title="a.py", status="ok", added=14, removed=3, at=NOON), INERT),
        tool_line(ToolCall(tool="bash", title="pytest", status="failed", detail="1 failed", at=NOON), INERT),
        tool_line(ToolCall(tool="bash", status="failed", at=NOON), INERT),
        tool_line(ToolCall(tool="bash", title=" ", at=NOON), INERT),
    ]
    assert lines == ["✏ a.py +14 −3", "▶ pytest 1 failed", "▶ bash failed", "▶ bash …"]


COMMANDS = (
    CommandHelp(name="omp new", options="prompt", text="Start a run.", role=Role.RUNNER),
    CommandHelp(name="omp status", options="run", text="The live card again.", role=Role.VIEWER),
    CommandHelp(name="omp stop", options="run", text="Halt the agent now.", role=Role.RUNNER),
    CommandHelp(name="omp-admin key", text="Keys of senders.", role=Role.ADMIN),
)


@pytest.mark.parametrize("role", Role, ids=lambda role: "None" if role is Role.NONE else role.word)
def test_help_reads_well_for_every_role(role: Role, snapshot: SnapshotAssertion) -> None:
    assert help_text(COMMANDS, role) == snapshot


def test_help_on_a_topic_finds_by_word(snapshot: SnapshotAssertion) -> None:
    assert help_text(COMMANDS, Role.RUNNER, topic=" Halt") == snapshot(name="found")
    assert help_text(COMMANDS, Role.VIEWER, topic="key") == snapshot(name="another role has it")
    assert help_text(COMMANDS, Role.VIEWER, topic="nonsense") == snapshot(name="nobody has it")


def test_help_mentions_commands_where_discord_named_their_id() -> None:
    text = help_text(COMMANDS, Role.RUNNER, command_id="112233445566778899")
    assert "</omp stop:112233445566778899> `run` Halt the agent now." in text.splitlines()
    assert "*admin* can also use `/omp-admin key`." in text, "what is not theirs is no link"
    bare = (CommandHelp(name="omp health", text="How it is.", role=Role.VIEWER),)
    assert help_text(bare, Role.VIEWER, command_id="1").endswith("</omp health:1> How it is.")


def test_mentions_cost_no_command_its_line() -> None:
    rows = [CommandHelp(name=f"omp command{n}", text="word " * 8, role=Role.VIEWER) for n in range(60)]
    text = help_text(rows, Role.VIEWER, command_id="1" * 20)
    assert text == help_text(rows, Role.VIEWER)
    assert "`/omp command59`" in text


def test_options_go_before_mentions_do() -> None:
    rows = [CommandHelp(name=f"omp command{n}", options="run", text="word " * 6, role=Role.VIEWER) for n in range(55)]
    text = help_text(rows, Role.VIEWER, command_id="1" * 20)
    assert f"</omp command54:{'1' * 20}> word" in text
    assert "`run`" not in text


def test_long_help_is_cut_by_whole_lines() -> None:
    many = [CommandHelp(name=f"omp command{n}", text="word " * 20, role=Role.VIEWER) for n in range(90)]
    text = help_text(many, Role.VIEWER)
    assert utf16_len(text) <= 4096
    assert text.endswith("… more with `/omp help topic`.")
    assert all(line.startswith("`/omp command") for line in text.splitlines()[1:-1])
