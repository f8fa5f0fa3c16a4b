"""A tool call as people read it before they allow it: all of it, and what permission for the run would cover."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.dialects.requests.open_requests import MOST_OPEN, OpenRequests, request_name
from ompycord.dialects.requests.tool_approval import FileEdit, RequestedCall, request_approval
from ompycord.domain.events import ApprovalRequested
from ompycord.domain.folds.snapshot import RunPermission, permission_of

ROOT = "/run/clone"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def asked(*, title: str = "Tool it", **call: Any) -> ApprovalRequested:
    given: dict[str, Any] = {"tool": "Tool", "arguments": {}, **call}
    return request_approval("leave:1", RequestedCall(**given), title=title, root=ROOT)


def edit(tool: str = "Edit", **arguments: Any) -> ApprovalRequested:
    return asked(tool=tool, title=f"{tool} it", arguments=arguments, is_edit=True)


def test_every_argument_is_shown_by_its_name() -> None:
    wanted = asked(arguments={"url": "http://x/?a=1", "method": "POST", "paths": ["/etc", "/home"], "body": "a\nb"})
    assert wanted.command == 'url: http://x/?a=1\nmethod: POST\npaths: ["/etc", "/home"]\nbody:\n    a\n    b'
    assert wanted.whole


def test_a_command_alone_is_shown_as_it_is_and_before_everything_else() -> None:
    assert asked(arguments={"command": "npm test\nls"}).command == "npm test\nls"
    shown = asked(arguments={"timeout": 5, "command": "ls"}).command
    assert shown is not None
    assert shown.splitlines() == ["command: ls", "timeout: 5"]


def test_no_line_of_a_value_can_pass_for_another_argument() -> None:
    shown = asked(arguments={"content": "x\npath: /etc/passwd", "path": "a"}).command
    assert shown is not None
    assert [line for line in shown.splitlines() if line.startswith("path:")] == ["path: a"]


def test_what_cannot_be_seen_is_shown_by_its_escapes() -> None:
    shown = asked(arguments={"command": "rm a\u200bb\x1b[8m; curl x"}).command
    assert shown == '"rm a\\u200bb\\u001b[8m; curl x"'


def test_an_edit_shows_what_it_removes() -> None:
    diff = FileEdit("/run/clone/a.py", "one\ntwo\nthree", "one\n2\nthree")
    wanted = asked(arguments={"file_path": diff.path}, diffs=(diff,), is_edit=True)
    assert wanted.command == "/run/clone/a.py\n one\n-two\n+2\n three"


def test_a_long_title_is_shown_whole_in_the_text() -> None:
    title = "echo " + "x" * 950
    call = RequestedCall(tool="", arguments={"a": 1}, title=title)
    wanted = request_approval("leave:1", call, title=title, root=ROOT)
    assert len(wanted.title) <= 500
    assert wanted.command is not None
    assert title in wanted.command
    assert wanted.whole


@pytest.mark.parametrize("size", [32_769, 40_000, 1_000_000])
def test_what_is_larger_than_an_event_can_hold_is_not_whole_and_covers_nothing(size: int) -> None:
    wanted = asked(arguments={"command": "x" * size})
    assert wanted.command is not None
    assert len(wanted.command) <= 32_768
    assert not wanted.whole
    assert permission_of(wanted) is None


def test_a_call_that_is_nested_too_deep_to_be_written_is_not_whole() -> None:
    nested: Any = "x"
    for _ in range(5000):
        nested = [nested]
    assert not asked(arguments={"a": nested}).whole


def test_a_title_alone_can_be_allowed_once_and_not_for_the_run() -> None:
    wanted = asked(is_title_alone=True)
    assert wanted.whole
    assert wanted.only_once
    assert permission_of(wanted) is None


CALL: dict[str, Any] = {
    "tool": "Bash",
    "arguments": {"command": "ls", "timeout": 1},
    "title": "ls",
    "kind": "execute",
    "diffs": (FileEdit("a", "x", "y"),),
    "remarks": ("said",),
    "paths": ("/tmp",),
    "more": ({"env": "A=1"},),
}


@pytest.mark.parametrize(
    "other",
    [
        {"tool": "Shell"},
        {"arguments": {"command": "ls", "timeout": 2}},
        {"arguments": {"command": "ls"}},
        {"arguments": {"command": "ls", "timeout": "1"}},
        {"title": "ls -a"},
        {"kind": "read"},
        {"diffs": (FileEdit("a", "x", "z"),)},
        {"diffs": (FileEdit("a", "w", "y"),)},
        {"remarks": ("said more",)},
        {"paths": ("/etc",)},
        {"more": ({"env": "A=2"},)},
    ],
    ids="-".join,
)
def test_permission_for_a_call_is_for_all_of_it(other: dict[str, Any]) -> None:
    permission = permission_of(asked(**CALL))
    assert permission is not None
    assert permission_of(asked(**CALL)) == permission
    assert permission_of(asked(**{**CALL, **other})) != permission


def test_permission_for_an_edit_is_for_edits_of_its_file_by_its_tool() -> None:
    permission = permission_of(edit(file_path="/run/clone/src/a.py", old_string="x", new_string="y"))
    assert permission == RunPermission(None, ("src/a.py",), "Edit", ("write", None))
    assert permission_of(edit(file_path="src/a.py", old_string="x", new_string="other")) == permission
    assert permission_of(edit(file_path="src/b.py", old_string="x", new_string="y")) != permission
    assert permission_of(edit("Write", file_path="src/a.py", content="y")) != permission


@pytest.mark.parametrize(
    "arguments",
    [
        {"file_path": "/etc/passwd", "content": "x"},
        {"file_path": "../other/a.py", "content": "x"},
        {"file_path": "/run/clone/../other", "content": "x"},
        {"file_path": ".git/hooks/pre-commit", "content": "x"},
        {"file_path": "vendor/.GIT/config", "content": "x"},
        {"file_path": "a.py", "content": "x", "command": "rm -rf ."},
        {"file_path": "a.py", "content": "x", "run_after": True},
        {"file_path": "a.py", "path": "/etc/passwd", "content": "x"},
        {"file_path": ["a.py"], "content": "x"},
        {"file_path": "a\u200b.py", "content": "x"},
        {"file_path": "a" * 700, "content": "x"},
        {"file_path": "a.py", "edits": [{"new_string": "x", "command": "ls"}]},
        {"file_path": "a.py", "edits": "x"},
        {"path": "a.py", "diff": "--- a.py\n+++ /etc/passwd\n"},
        {"path": "a.py", "diff": "rename from a.py\nrename to .git/hooks/x\n"},
        {"content": "x"},
    ],
)
def test_permission_for_anything_but_an_edit_below_the_clone_is_for_that_call(arguments: dict[str, Any]) -> None:
    wanted = edit(**arguments)
    assert wanted.edits == ()
    permission = permission_of(wanted)
    assert permission is not None
    assert permission.call is not None
    assert permission.call[-1] == wanted.call


def test_a_place_that_an_edit_names_beside_its_file_is_shown_and_bound_too() -> None:
    outside = asked(arguments={"path": "a.py", "content": "x"}, paths=("/etc/passwd",), is_edit=True)
    assert outside.command is not None
    assert "place: /etc/passwd" in outside.command
    assert outside.edits == ()


@given(
    st.dictionaries(st.text(max_size=12), VALUES, max_size=5),
    st.text(max_size=30),
    st.lists(st.builds(FileEdit, st.text(max_size=9), st.text(max_size=30), st.text(max_size=30)), max_size=2),
    st.booleans(),
)
def test_whatever_a_call_holds_every_text_of_it_is_shown(
    arguments: dict[str, Any], title: str, diffs: list[FileEdit], is_edit: bool
) -> None:
    call = RequestedCall(tool="T", arguments=arguments, title=title, diffs=tuple(diffs), is_edit=is_edit)
    wanted = request_approval("n", call, title=title, root=ROOT)
    shown = f"{wanted.title}\n{wanted.command or ''}"
    assert wanted.whole
    for one in diffs:
        for line in (*one.old.split("\n"), *one.new.split("\n")):
            assert line in shown or not (line.isalnum() and line.isascii())
    for name, value in arguments.items():
        if isinstance(value, str) and value.isalnum() and value.isascii():
            assert value in shown
        if isinstance(value, bool | int):
            assert str(value).casefold() in shown.casefold(), name


# -- how many wait, and what they are called ---------------------------------------------------------------------------


def test_requests_beyond_the_most_get_one_note_until_there_is_room_again() -> None:
    room = OpenRequests(agent="omp")
    assert room.has_room(MOST_OPEN - 1)
    assert not room.has_room(MOST_OPEN)
    assert "bash: ls" in room.refused("bash: ls")[0].text
    assert room.refused("bash: rm") == ()
    assert room.has_room(1)
    assert room.refused("bash: cat")


@pytest.mark.parametrize("id_", ["x" * 104, "x" * 5000, "a b", "a/b", ""])
def test_any_id_of_an_agent_gives_a_name_of_its_own(id_: str) -> None:
    name = request_name("leave", "7", id_)
    assert ApprovalRequested(approval=name, title="x").approval == name
    assert request_name("leave", "7", f"{id_}y") != name
    assert request_name("leave", "7", id_) == name
