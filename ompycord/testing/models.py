"""A model without a mind, for what asks models by the port: the latest prompt is its script.

CALL <tool> <json>   it calls that tool, one call an answer
SAY <text>           its last answer, once all calls have results; without it *Done.*
FAIL <status> <text> it is refused
"""

import re
from typing import Final, TypeVar

from pydantic import BaseModel

from ompycord.domain.ports.models import ModelCall, ModelReply, ModelToolCall, PromptMessage, ToolMessage
from ompycord.errors import ModelFailed

__all__ = ["ScriptedModels"]

S = TypeVar("S", bound=BaseModel)
_STEP: Final = re.compile(r"^\s*(?:CALL|SAY|FAIL)\b", re.MULTILINE)
_CALL: Final = re.compile(r"^\s*CALL (\S+) (\{.*\})\s*$", re.MULTILINE)
_LAST: Final = re.compile(r"^\s*SAY (.*)$", re.MULTILINE)
_FAIL: Final = re.compile(r"^\s*FAIL (\d+) (.*)$", re.MULTILINE)


class ScriptedModels:
    """Implements `Models`; remembers every call."""

    def __init__(self, *names: str) -> None:
        self.names = names or ("scripted",)
        self.calls: list[ModelCall] = []

    async def load(self) -> None:
        """Nothing is needed."""

    async def reply(self, call: ModelCall) -> ModelReply:
        """The next step of the script."""
        self.calls.append(call)
        prompts = [at for at, one in enumerate(call.messages) if isinstance(one, PromptMessage)]
        scripts = [at for at in prompts if _STEP.search(call.messages[at].text)] or prompts[-1:]
        script = call.messages[scripts[-1]].text
        if refused := _FAIL.search(script):
            raise ModelFailed(refused[2], status=int(refused[1]))
        done = sum(isinstance(one, ToolMessage) for one in call.messages[scripts[-1] :])
        steps = _CALL.findall(script)
        if done < len(steps):
            tool, arguments = steps[done]
            wanted = ModelToolCall(id="call_0", tool=tool, arguments=arguments)
            return ModelReply(text=f"Step {done + 1}.", calls=(wanted,))
        return ModelReply(text=(_LAST.findall(script) or ["Done."])[-1])

    async def fill(self, call: ModelCall, shape: type[S]) -> S:
        """What it says, read as JSON."""
        reply = await self.reply(call)
        try:
            return shape.model_validate_json(reply.text)
        except ValueError as error:
            raise ModelFailed("It did not answer in the shape that was asked for.") from error
