"""The built-in agent's conversation: what models demand of one holds after any cut, and it keeps within its bound."""

from pathlib import Path

from ompycord.agents.native.history import INTERRUPTED, load, next_turn, save, shortened
from ompycord.domain.ports.models import Conversation, ModelToolCall, PromptMessage, ReplyMessage, ToolMessage


def turn(number: int, text: str | None) -> list[Conversation]:
    call = ModelToolCall(id=f"c{number}", tool="read", arguments="{}")
    reply = ReplyMessage(text=f"Step {number}.", calls=(call,))
    return [reply] if text is None else [reply, ToolMessage(call=call.id, tool="read", text=text)]


def test_a_call_without_a_result_gets_one_and_a_result_without_a_call_is_left_out(tmp_path: Path) -> None:
    lost = ToolMessage(call="c9", tool="read", text="of nothing")
    save(tmp_path, "s1", [PromptMessage(text="Do it."), lost, *turn(1, "one"), *turn(2, None)])
    found = load(tmp_path, "s1")
    assert found == (
        PromptMessage(text="Do it."),
        *turn(1, "one"),
        *turn(2, INTERRUPTED),
    )
    assert load(tmp_path, "s2") is None


def test_a_session_behind_a_link_is_none(tmp_path: Path) -> None:
    save(tmp_path, "s1", [PromptMessage(text="Do it.")])
    folder = tmp_path / ".ompycord/native"
    (folder / "s2.json").symlink_to(folder / "s1.json")
    assert load(tmp_path, "s2") is None
    assert load(tmp_path, "../../s1") is None


def test_the_oldest_results_are_left_out_in_one_stride_and_all_else_stays() -> None:
    messages = [PromptMessage(text="Do it."), *(one for at in range(20) for one in turn(at, "x" * 1000))]
    assert shortened(messages, 30_000) == tuple(messages)
    short = shortened(messages, 20_000)
    size = sum(len(one.text) for one in short)
    assert 9_000 < size <= 10_100
    assert [type(one) for one in short] == [type(one) for one in messages]
    assert short[0] == messages[0]
    assert short[-6:] == tuple(messages[-6:])
    assert shortened(short, 20_000) == short


def test_a_conversation_whose_file_would_be_too_large_is_kept_without_its_oldest_part(tmp_path: Path) -> None:
    """Its own words are what is long, in a script of three bytes a character."""
    task = PromptMessage(text="Do it.")
    turns = [one for at in range(40) for one in (*turn(at, "short"), PromptMessage(text="\u6f22" * 100_000))]
    short = shortened([task, *turns], 4_000_000)
    save(tmp_path, "s1", short)
    assert load(tmp_path, "s1") == short
    assert short[0] == task
    assert short[2:] == tuple(turns[-len(short) + 2 :])
    assert 10 < len(short) < len(turns) * 2 / 3
    assert not isinstance(short[2], ToolMessage)
    assert shortened(short, 4_000_000) == short


def test_the_next_reply_has_a_number_of_its_own_also_where_older_ones_are_left_out() -> None:
    def reply(turn: int) -> ReplyMessage:
        return ReplyMessage(calls=(ModelToolCall(id=f"call_{turn}_0", tool="read", arguments="{}"),))

    assert next_turn([]) == 0
    assert next_turn([PromptMessage(text="Do it."), reply(0), ReplyMessage(text="Then.")]) == 2
    assert next_turn([PromptMessage(text="Do it."), reply(7)]) == 8
    assert next_turn([ReplyMessage(calls=(ModelToolCall(id="ab12cd_3_0", tool="read", arguments="{}"),))]) == 1
