"""Our own calls of models by pydantic-ai, through the gateway: charged to their run, within its limit, never canned."""

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

from ompycord.domain.events import PromptUsed
from ompycord.domain.ports.models import (
    ModelCall,
    ModelToolCall,
    OfferedTool,
    PromptMessage,
    PromptTemplate,
    ReplyMessage,
    ToolMessage,
)
from ompycord.errors import ModelFailed
from ompycord.llm import gateway_models, in_process
from ompycord.model_gateway.dialects import Dialect
from tests.integration.llm.conftest import Calling
from tests.integration.model_gateway.conftest import KEY
from tests.support.patience import until
from tests.support.scripted_model import SEALED, chat
from tests.support.stub_provider import Reply

READ = OfferedTool(
    name="read",
    description="Read a file.",
    parameters={"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)
BRIEF = PromptTemplate(id="test.brief", text="Answer briefly.")
CALL = ModelCall(template=BRIEF, messages=(PromptMessage(text="Where is the total made?"),), model="m-1")
pytestmark = pytest.mark.xdist_group("llm")  # the library is imported by one worker
DIALECTS = pytest.mark.parametrize("dialect", Dialect)


class Place(BaseModel):
    path: str
    line: int


@DIALECTS
async def test_a_conversation_with_a_tool_is_the_same_in_each_dialect_and_in_the_ledger(
    calling: Calling, dialect: Dialect
) -> None:
    async with calling(("read", {"path": "a.py"}), "In a.py.", dialect=dialect) as (models, way, _):
        call = CALL.model_copy(update={"tools": (READ,), "temperature": 0.3, "most_tokens": 500})
        first = await models.reply(call)
        (wanted,) = first.calls
        assert (wanted.tool, wanted.arguments) == ("read", '{"path":"a.py"}') or wanted.arguments == '{"path": "a.py"}'
        own = ModelToolCall(id="call_7", tool=wanted.tool, arguments=wanted.arguments)
        answered = (*call.messages, ReplyMessage(calls=(own,)), ToolMessage(call="call_7", tool="read", text="x = 1"))
        second = await models.reply(call.model_copy(update={"messages": answered}))
        rows, usage = await way.ledger(), await way.usage_events()
        sent = way.provider.asked
    assert (second.text, second.calls) == ("In a.py.", ())
    assert [(row["model"], row["input"], row["output"], row["exactness"]) for row in rows] == [
        ("m-1", 1000, 100, "exact")
    ] * 2
    assert [one.cost_usd for one in usage] == [pytest.approx(0.0045)] * 2
    body = sent[1].body.decode()
    for words in ("Answer briefly.", "Where is the total made?", "x = 1", "call_7", '"temperature":0.3', "500"):
        assert words in body
    assert KEY in str(sent[0].headers)
    assert way.facts == [PromptUsed(template="test.brief", hash=BRIEF.hash, model="m-1", temperature=0.3)]


async def test_what_responses_would_keep_with_the_provider_is_not_kept_there(calling: Calling) -> None:
    async with calling("Yes.", dialect=Dialect.RESPONSES) as (models, way, _):
        await models.reply(CALL)
        assert way.provider.asked[0].json["store"] is False


@DIALECTS
async def test_an_answer_has_its_shape_and_one_that_does_not_fit_goes_back(calling: Calling, dialect: Dialect) -> None:
    wrong, right = ("final_result", {"path": "a.py"}), ("final_result", {"path": "a.py", "line": 3})
    async with calling(wrong, right, dialect=dialect) as (models, way, _):
        assert await models.fill(CALL, Place) == Place(path="a.py", line=3)
        assert len(await way.ledger()) == 2
        assert "line" in way.provider.asked[1].body.decode()


async def test_one_that_never_fits_is_an_error_in_words(calling: Calling) -> None:
    wrong: Any = ("final_result", {"path": "a.py"})
    async with calling(*[wrong] * 5) as (models, way, _):
        with pytest.raises(ModelFailed, match="m-1 did not answer in the shape that was asked for"):
            await models.fill(CALL, Place)
        assert len(await way.ledger()) == 3


async def test_a_call_with_one_possible_answer_is_asked_once_and_its_run_says_so(calling: Calling) -> None:
    cold = CALL.model_copy(update={"temperature": 0.0})
    async with calling("Yes.") as (models, way, _):
        for _ in range(2):
            assert (await models.reply(cold)).text == "Yes."
        await models.reply(cold.model_copy(update={"messages": (PromptMessage(text="And now?"),)}))
        for _ in range(2):
            await models.reply(CALL)
        assert len(await way.ledger()) == 4
        assert [one.kept for one in way.facts if isinstance(one, PromptUsed) and one.temperature == 0] == [False, True]


async def test_a_shape_is_kept_apart_from_words_and_read_back_strictly(calling: Calling) -> None:
    right: Any = ("final_result", {"path": "a.py", "line": 3})
    cold = CALL.model_copy(update={"temperature": 0.0})
    async with calling(right) as (models, way, _):
        assert await models.fill(cold, Place) == await models.fill(cold, Place)
        assert len(await way.ledger()) == 1


async def test_the_limit_of_the_run_holds_for_our_calls_too_and_pauses_it(calling: Calling) -> None:
    async with calling("Yes.") as (models, way, _):
        way.limits.usd = 0.0001
        with pytest.raises(ModelFailed, match="the limit of under") as refused:
            await models.reply(CALL)
        assert refused.value.status == 402
        assert way.provider.asked == []
        assert len(way.limits.paused) == 1


@DIALECTS
@pytest.mark.parametrize("after", [0, 1])
async def test_the_kill_switch_ends_a_call_under_way_with_its_words(
    calling: Calling, dialect: Dialect, after: int
) -> None:
    """Before and within the body of the answer."""
    async with calling("Yes.", dialect=dialect) as (models, way, _):
        await models.load()
        way.provider.replies = [Reply(parts=[b"{", b"}"], waits_after=after)]
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_refused(models))
            await until(lambda: way.gateway.streams == way.provider.open == 1 and way.provider.sent_bytes == after)
            way.gateway.stop("All model requests were stopped by Ada.")
        assert task.result() == "All model requests were stopped by Ada."
        with pytest.raises(ModelFailed, match="stopped by Ada"):
            await models.reply(CALL)


async def _refused(models: Any) -> str:
    with pytest.raises(ModelFailed) as refused:
        await models.reply(CALL)
    return str(refused.value)


@pytest.mark.parametrize("parts", [[b"{", b"}"], [b" ", b" "]])
async def test_an_answer_that_never_ends_is_not_waited_for(
    calling: Calling, parts: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with calling("Yes.") as (models, way, _):
        await models.load()
        monkeypatch.setattr(in_process, "_ANSWER_S", 0.3)
        way.provider.replies = [Reply(parts=parts, waits_after=1, headers={"content-type": "application/json"})]
        with pytest.raises(ModelFailed, match="timed out"):
            await models.reply(CALL)
        await way.provider.closed.wait()
        assert len(await way.ledger()) == 1
        assert way.gateway.streams == 0


async def test_no_provider_no_dialect_and_no_token_are_errors_in_words(calling: Calling) -> None:
    async with calling("Yes.") as (models, way, _):
        with pytest.raises(ModelFailed, match="No provider of the settings offers m-9"):
            await models.reply(CALL.model_copy(update={"model": "m-9"}))
        way.run_token.end()
        with pytest.raises(ModelFailed, match="not the token of this run"):
            await models.reply(CALL)
        assert way.provider.asked == []


async def test_what_gemini_packed_into_a_call_goes_back_with_it_and_a_call_of_another_says_there_is_none(
    calling: Calling,
) -> None:
    async with calling(("read", {"path": "a.py"}), "In a.py.", dialect=Dialect.GEMINI) as (models, way, _):
        call = CALL.model_copy(update={"tools": (READ,)})
        (wanted,) = (await models.reply(call)).calls
        assert wanted.signature == SEALED
        for signature, sent in ((SEALED, SEALED), (None, "skip_thought_signature_validator")):
            said = ReplyMessage(calls=(wanted.model_copy(update={"signature": signature}),))
            answered = (*call.messages, said, ToolMessage(call=wanted.id, tool="read", text="x = 1"))
            await models.reply(call.model_copy(update={"messages": answered}))
            contents: list[Any] = way.provider.asked[-1].json["contents"]
            assert [one["role"] for one in contents] == ["user", "model", "user"]
            assert contents[1]["parts"][0]["thoughtSignature"] == sent
            assert contents[2]["parts"] == [
                {"functionResponse": {"name": "read", "id": wanted.id, "response": {"return_value": "x = 1"}}}
            ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "the request was blocked: SAFETY"),
        ({"candidates": [{"finishReason": "RECITATION"}]}, "it ended without words: RECITATION"),
    ],
)
async def test_what_gemini_holds_back_is_said(calling: Calling, answer: dict[str, Any], words: str) -> None:
    async with calling("Yes.", dialect=Dialect.GEMINI) as (models, way, _):
        way.provider.replies = [Reply(parts=[json.dumps(answer).encode()])]
        with pytest.raises(ModelFailed, match=words):
            await models.reply(CALL)


async def test_without_the_library_it_says_what_to_install(calling: Calling, monkeypatch: pytest.MonkeyPatch) -> None:
    async with calling("Yes.") as (models, _, _):
        monkeypatch.setattr(gateway_models, "is_installed", lambda: False)
        with pytest.raises(ModelFailed, match=r"pip install 'ompycord\[llm\]'"):
            await models.load()


@DIALECTS
@pytest.mark.parametrize("body", [b"{}", b"[1]", b"null", b"{"])
async def test_an_answer_that_is_none_is_an_error_in_words(calling: Calling, dialect: Dialect, body: bytes) -> None:
    async with calling("Yes.", dialect=dialect) as (models, way, _):
        way.provider.replies = [Reply(parts=[body], headers={"content-type": "application/json"})]
        with pytest.raises(ModelFailed, match="m-1 did not answer as it must"):
            await models.reply(CALL)
        with pytest.raises(ModelFailed, match="m-1 did not answer"):
            await models.fill(CALL, Place)


async def test_a_call_whose_id_is_long_is_a_call(calling: Calling) -> None:
    async with calling("Yes.") as (models, way, _):
        answer = chat("m-1", ("read", {"path": "a.py"}))
        answer["choices"][0]["message"]["tool_calls"][0]["id"] = f"call_1__thought__{'x' * 900}"
        way.provider.replies = [
            Reply(parts=[json.dumps(answer).encode()], headers={"content-type": "application/json"})
        ]
        reply = await models.reply(CALL.model_copy(update={"tools": (READ,)}))
        assert [(one.tool, len(one.id)) for one in reply.calls] == [("read", 256)]
