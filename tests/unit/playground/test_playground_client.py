"""The playground's client, without a playground: run files, addresses, and what stands on a message."""

from pathlib import Path

import pytest

from ompycord.playground.client import Address, Message, Modal, NotThereError, RunFile, read_run_file


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"null",
        b'{"pid": 7, "port": 8788}',
        b'{"port": 8788, "token": "t"}',
        b'{"pid": 7, "port": "8788", "token": "t"}',
        b'{"pid": "7", "port": 8788, "token": "t"}',
    ],
)
def test_a_run_file_that_is_missing_or_broken_names_no_playground(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_bytes(content)
    assert read_run_file(tmp_path) is None


def test_a_run_file_names_process_and_address_whatever_a_newer_one_adds(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"pid": 7, "port": 8788, "token": "t", "bot": null, "more": 1}')
    assert read_run_file(tmp_path) == RunFile(pid=7, address=Address(port=8788, token="t"))


def test_only_the_line_of_a_started_playground_is_an_address() -> None:
    assert Address.from_line(b'{"port": 1, "token": "t"}').page == "http://127.0.0.1:1/?token=t"
    for line in (b"", b"Traceback (most recent call last):", b"{}", b'["port", "token"]'):
        with pytest.raises(ValueError, match=r"Expecting value|no address of a playground"):
            Address.from_line(line)


MESSAGE = {
    "id": "1",
    "channel_id": "2",
    "content": "Hello",
    "author": {"id": "3"},
    "embeds": [{"title": "Title", "fields": [{"name": "Field", "value": "text"}], "footer": {"text": "small"}}],
    "components": [
        {"type": 1, "components": [{"type": 2, "label": "Go", "custom_id": "a"}, {"type": 2, "custom_id": "b"}]}
    ],
    "ephemeral_for": None,
    "flags": 128,
    "interaction_metadata": {"id": "9"},
}


def test_a_message_shows_text_buttons_and_what_it_answers() -> None:
    message = Message(MESSAGE)
    assert message.text.splitlines() == ["Hello", "Title", "small", "Field", "text", "Go"]
    assert (message.interaction, message.is_ephemeral, message.is_thinking) == ("9", False, True)
    assert message.component("Go") == message.component("a")
    assert message.component("b")["custom_id"] == "b"
    with pytest.raises(NotThereError, match=r"'Stop'.*Go"):
        message.component("Stop")


def test_a_form_is_filled_by_label_or_custom_id() -> None:
    row = {"type": 1, "components": [{"type": 4, "custom_id": "a", "label": "Old style", "value": "before"}]}
    label = {"type": 18, "label": "New style", "component": {"type": 4, "custom_id": "b"}}
    modal = Modal("9", {"title": "Form", "components": [row, {"type": 10, "content": "text"}, label]})
    assert modal.labels == {"Old style": "a", "New style": "b"}
    assert [modal.custom_id(name) for name in ("Old style", "b")] == ["a", "b"]
    assert (modal.value("Old style"), modal.value("New style")) == ("before", "")
    with pytest.raises(KeyError):
        modal.value("No such field")
