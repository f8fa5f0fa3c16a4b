"""What is written on a tape and read from it, and what is changed in an answer that a stream has in pieces."""

import json
from pathlib import Path

import pytest

from ompycord.domain.ids import RunId
from ompycord.errors import TapeUnreadable
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.tapes.normal_form import normal_form, shape_of
from ompycord.model_gateway.tapes.options import TapeOptions
from ompycord.model_gateway.tapes.rewriting import events_of, rewritten
from ompycord.model_gateway.tapes.shelf import TapeShelf, tape_file
from ompycord.model_gateway.tapes.tape import TapedRequest, TapeFull, TapeHead, line_of, read_tape
from tests.support.model_answers import Truth, answer

OLD, NEW = "/data/workspaces/01OLD", "/tmp/again/workspaces/01NEW"
HEAD = TapeHead(run=RunId("01JD0000000000000000000001"), at=1, base="b" * 40, folder=OLD)
REQUEST = TapedRequest(
    at=2, provider="p", dialect=Dialect.CHAT, model="m", path="/v1/chat/completions", body="{}", status=200,
    parts=((0, "data: 1\n\n"),),
)  # fmt: skip


def change(text: str) -> str:
    return text.replace(OLD, NEW)


@pytest.mark.parametrize("dialect", Dialect)
def test_a_path_is_changed_wherever_a_stream_cuts_it(dialect: Dialect) -> None:
    words = ("Look at ", OLD[:7], OLD[7:], "/a.py and ", f"{OLD}/b.py.")
    parts = [part.decode() for part in answer(dialect, Truth(), words)]
    changed = rewritten(parts, change)
    assert len(changed) == len(parts)
    text = "".join(changed)
    assert text.count(NEW) == 2
    assert OLD not in text
    untouched = [new for old, new in zip(parts, changed, strict=True) if old == new]
    assert len(untouched) >= len(parts) - len(words)


def test_pieces_of_two_tools_are_not_joined() -> None:
    def piece(index: int, text: str) -> str:
        call = {"index": index, "function": {"arguments": text}}
        return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'tool_calls': [call]}}]})}\n\n"

    parts = [piece(0, OLD[:9]), piece(1, "between"), piece(0, OLD[9:])]
    first, between, last = rewritten(parts, change)
    assert NEW in first
    assert between == parts[1]
    assert OLD[9:] not in last


def test_pieces_of_one_call_are_joined_where_the_first_alone_names_its_type() -> None:
    def piece(**function: str) -> str:
        call = {"index": 0, **({"type": "function"} if "name" in function else {}), "function": function}
        return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'tool_calls': [call]}}]})}\n\n"

    parts = [piece(name="run", arguments=OLD[:9]), piece(arguments=OLD[9:12]), piece(arguments=OLD[12:])]
    changed = rewritten(parts, change)
    assert NEW in changed[0]
    assert OLD[12:] not in changed[2]


def test_what_each_event_repeats_is_no_text_in_pieces() -> None:
    """Joined, the ids of two events would have in them what is changed."""
    parts = [f"data: {json.dumps({'id': 'abab'})}\n\n"] * 2
    assert rewritten(parts, lambda text: text.replace("baba", "x")) == parts


def test_the_events_of_a_stream_are_all_of_it() -> None:
    text = "event: a\r\ndata: 1\r\n\r\ndata: 2\n\n: comment\n\ndata: 3"
    assert events_of(text) == ["event: a\r\ndata: 1\r\n\r\n", "data: 2\n\n", ": comment\n\n", "data: 3"]


def test_a_tape_is_read_as_it_was_written_also_where_a_crash_cut_it(tmp_path: Path) -> None:
    file = tmp_path / "one.tape"
    whole = [line_of(HEAD), line_of(REQUEST), line_of(REQUEST)]
    file.write_bytes(b"".join(whole))
    tape = read_tape(file)
    assert (tape.head, tape.requests, tape.is_whole) == (HEAD, (REQUEST, REQUEST), True)
    file.write_bytes(b"".join(whole)[:-9])
    tape = read_tape(file)
    assert (tape.requests, tape.is_whole) == ((REQUEST,), False)
    file.write_bytes(b"".join((*whole, line_of(TapeFull()))))
    assert not read_tape(file).is_whole


@pytest.mark.parametrize("cut", [1, 9, len(line_of(REQUEST)) - 1])
async def test_what_is_recorded_after_a_crash_is_read_and_the_gap_is_known(tmp_path: Path, cut: int) -> None:
    run = HEAD.run
    await TapeShelf(tmp_path, TapeOptions()).add(run, HEAD, REQUEST)
    file = tape_file(tmp_path, run)
    file.write_bytes(file.read_bytes() + line_of(REQUEST)[:cut])
    shelf, later = TapeShelf(tmp_path, TapeOptions()), REQUEST.model_copy(update={"at": 7})
    for _ in range(2):
        await shelf.add(run, HEAD, later)
    tape = read_tape(file)
    assert (tape.head, tape.requests, tape.is_whole) == (HEAD, (REQUEST, later, later), False)


async def test_a_tape_whose_head_was_cut_off_begins_again(tmp_path: Path) -> None:
    file = tape_file(tmp_path, HEAD.run)
    file.parent.mkdir(parents=True)
    file.write_bytes(line_of(HEAD)[:20])
    await TapeShelf(tmp_path, TapeOptions()).add(HEAD.run, HEAD, REQUEST)
    assert read_tape(file).requests == (REQUEST,)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "has no tape"),
        (b"", "is empty"),
        (line_of(HEAD.model_copy(update={"version": 2})), "newer Ompycord"),
        (b"no gzip at all", "is empty"),
    ],
)
def test_what_is_no_tape_is_said(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "one.tape"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TapeUnreadable, match=words):
        read_tape(file)


def test_two_requests_of_one_task_in_two_runs_have_one_normal_form() -> None:
    def body(folder: str, run: str, day: str, extra: str = "") -> str:
        system = f"You work in {folder}/clone. Today is {day}. Run {run}. It took 3.2 s, pid 4711.{extra}"
        return json.dumps({"model": "m", "messages": [{"role": "system", "content": system}], "user": run})

    names = {OLD: "<0>", NEW: "<0>"}
    first = normal_form(body(OLD, "01JD0000000000000000000001", "2026-11-30"), names)
    assert normal_form(body(NEW, "01JF0000000000000000000009", "2026-12-01"), names) == first
    assert normal_form(body(NEW, "01JF0000000000000000000009", "2026-12-01", " And more."), names) != first


def test_a_look_for_a_title_has_another_shape_than_an_agent_at_work() -> None:
    tools = [{"type": "function", "function": {"name": "write"}}, {"name": "read"}]
    assert shape_of(json.dumps({"tools": tools})) == "read write"
    assert shape_of(json.dumps({"tools": [{"functionDeclarations": [{"name": "write"}]}]})) == "write"
    assert shape_of("{}") == shape_of("no JSON") == ""
