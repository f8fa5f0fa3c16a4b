"""The spool: nothing that was appended is lost, numbers never repeat, whatever state a killed process left behind."""

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ompycord.cli.emit.file_lock import hold
from ompycord.cli.emit.lines import EventLine, cut_torn_end, segment_path, segments
from ompycord.cli.emit.spool import Spool
from ompycord.errors import UnavailableError


def append(spool: Spool, name: str, *, run: str = "nightly") -> EventLine:
    return spool.append(webhook_id=name, run=run, envelope={"type": "note", "data": {"text": name}})


def take_all(spool: Spool) -> list[EventLine]:
    taken: list[EventLine] = []
    while (found := spool.next()) is not None:
        taken.append(found[0])
        spool.done(found[1])
    return taken


def test_events_come_out_as_they_went_in_with_numbers_of_their_run(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    for name, run in (("a", "one"), ("b", "two"), ("c", "one")):
        append(spool, name, run=run)
    taken = take_all(spool)
    assert [(line.id, line.run, line.seq) for line in taken] == [("a", "one", 1), ("b", "two", 1), ("c", "one", 2)]
    body = json.loads(taken[2].body)
    assert (body["run"], body["seq"], body["source"], body["data"]) == ("one", 2, taken[2].source, {"text": "c"})


def test_another_process_goes_on_with_the_numbers_and_the_cursor(tmp_path: Path) -> None:
    append(Spool(tmp_path), "a")
    assert [line.seq for line in take_all(Spool(tmp_path))] == [1]
    append(Spool(tmp_path), "b")
    assert [(line.id, line.seq) for line in take_all(Spool(tmp_path))] == [("b", 2)]


@pytest.mark.posix
def test_only_this_user_can_read_the_spool(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    line = append(spool, "a")
    take_all(spool)
    spool.bury(line, status=422, problem="{}")
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
    files = [path for path in spool.folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"events-00000001.jsonl", "lanes.json", "cursor", "a.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_writer_that_died_in_the_middle_of_a_line_leaves_nothing_of_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    append(spool, "a")
    with segment_path(tmp_path, 1).open("ab") as file:
        file.write(b'{"id":"half","run":"nightly","sou')
    assert [line.id for line in take_all(spool)] == ["a"]
    append(spool, "b")
    assert [(line.id, line.seq) for line in take_all(spool)] == [("b", 2)]


def test_a_writer_that_died_before_it_remembered_its_number_does_not_give_it_twice(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    append(spool, "a")
    before = (tmp_path / "lanes.json").read_bytes()
    append(spool, "b")
    (tmp_path / "lanes.json").write_bytes(before)
    assert append(spool, "c").seq == 3


def test_a_lost_memory_begins_another_lane_instead_of_repeating_numbers(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    first = append(spool, "a")
    (tmp_path / "lanes.json").write_text("{broken")
    second = append(spool, "b")
    assert second.source != first.source
    assert second.seq == 1


def test_a_sender_that_died_before_it_noted_its_success_sends_the_same_text_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    append(spool, "a")
    first = spool.next()
    again = Spool(tmp_path).next()
    assert first is not None
    assert first == again


def test_a_lost_cursor_sends_again_what_is_still_there(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    append(spool, "a")
    take_all(spool)
    (tmp_path / "cursor").unlink()
    assert [line.id for line in take_all(spool)] == ["a"]


def test_sent_segments_are_removed_and_the_numbers_stay(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=300)
    for number in range(10):
        append(spool, f"e{number}")
    assert len(segments(tmp_path)) > 3
    assert [line.id for line in take_all(spool)] == [f"e{number}" for number in range(10)]
    assert len(segments(tmp_path)) == 1
    assert append(spool, "next").seq == 11
    assert [line.id for line in take_all(spool)] == ["next"]


def test_a_number_that_was_not_remembered_survives_the_end_of_its_segment(tmp_path: Path) -> None:
    spool = Spool(tmp_path, segment_bytes=1)
    append(spool, "a")
    before = (tmp_path / "lanes.json").read_bytes()
    append(spool, "b")  # in a segment of its own; its writer dies before lanes.json is written
    (tmp_path / "lanes.json").write_bytes(before)
    append(spool, "c")
    take_all(spool)
    assert append(spool, "d").seq == 4


def test_a_damaged_line_is_put_aside_and_the_next_one_goes_on(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    append(spool, "a")
    with segment_path(tmp_path, 1).open("ab") as file:
        file.write(b"\x00\xff no line of ours\n")
    append(spool, "b")
    assert [(line.id, line.seq) for line in take_all(spool)] == [("a", 1), ("b", 2)]
    [kept] = spool.dead.glob("damaged-*")
    assert kept.read_bytes() == b"\x00\xff no line of ours\n"


def test_a_refused_event_that_is_revived_keeps_its_id_and_number(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    line = append(spool, "a")
    append(spool, "b")
    found = spool.next()
    assert found is not None
    spool.bury(found[0], status=401, problem="{}")
    spool.done(found[1])
    take_all(spool)
    assert spool.revive() == 1
    assert list(spool.dead.iterdir()) == []
    assert take_all(spool) == [line]
    assert append(spool, "c").seq == 3


def test_many_writers_at_once_share_one_row_of_numbers(tmp_path: Path) -> None:
    def write(writer: int) -> None:
        for number in range(10):
            append(Spool(tmp_path, segment_bytes=2000), f"w{writer}n{number}")

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    taken = take_all(Spool(tmp_path, segment_bytes=2000))
    assert [line.seq for line in taken] == list(range(1, 41))
    assert len({line.id for line in taken}) == 40


def test_only_one_sends_and_it_is_said_to_the_others(tmp_path: Path) -> None:
    with Spool(tmp_path).sending() as first, Spool(tmp_path).sending() as second:
        assert (first, second) == (True, False)
    with Spool(tmp_path).sending() as third:
        assert third


def test_a_writer_does_not_wait_for_ever(tmp_path: Path) -> None:
    with hold(tmp_path / "x") as is_held, hold(tmp_path / "x", wait_s=0.02) as is_held_again:
        assert (is_held, is_held_again) == (True, False)


def test_a_spool_that_cannot_be_made_is_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="nothing was kept"):
        Spool(tmp_path / "file" / "spool")


@given(
    whole=st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"") + b"\n")),
    torn=st.binary(max_size=9000),
)
def test_cutting_a_torn_end_keeps_every_whole_line(
    tmp_path_factory: pytest.TempPathFactory, whole: list[bytes], torn: bytes
) -> None:
    path = tmp_path_factory.mktemp("torn") / "file"
    content = b"".join(whole)
    path.write_bytes(content + torn.replace(b"\n", b""))
    assert cut_torn_end(path) == len(content)
    assert path.read_bytes() == content


def test_an_event_that_was_cut_off_is_told_with_what_is_left_of_it(tmp_path: Path) -> None:
    """Seven bytes of its end are gone, as after a power cut on a disk that promised too much."""
    spool = Spool(tmp_path)
    for number in range(3):
        append(spool, str(number))
    path = segment_path(tmp_path, 1)
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 7)
    again = Spool(tmp_path)
    again.set_torn_aside()
    [file] = again.torn
    lines = whole.splitlines(keepends=True)
    assert file.read_bytes() == lines[2][:-7]
    assert path.read_bytes() == b"".join(lines[:2])
    assert again.waiting() == 2
    last = Spool(tmp_path)
    append(last, "after")
    assert last.torn == [], "it is told once"
    assert last.waiting() == 3
