"""Reads what a model used out of its answer while the bytes pass; changes none of them. Pure.

`usage.py` has what the numbers mean. An answer that is cut tells little: what is known then, and the text of it that
was seen, is what an estimate is made of.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from pydantic_core import from_json

from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.metering.reckoning import pieces_of
from ompycord.model_gateway.metering.server_events import ServerEvents
from ompycord.model_gateway.metering.usage import TokenUsage, merged, usage_of

__all__ = ["Meter"]

Json = Mapping[str, Any]
_MOST_BODY: Final = 67_108_864
"""Bytes of an answer without a stream that are kept to be read; of a longer one the usage is not known."""
_DONE: Final = b"[DONE]"
_LAST: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})


class Meter:
    """One answer. `usage` is what is known by now; `is_exact` whether the provider has stated all of it."""

    def __init__(self, dialect: Dialect, *, is_stream: bool) -> None:
        self._dialect = dialect
        self._events = ServerEvents() if is_stream else None
        self._body: list[bytes] = []
        self._size = 0
        self._report: dict[str, Any] = {}
        self._on_event = _EVENTS[dialect]
        self.pieces = 0.0
        """Of text, thoughts and arguments of tools that were seen (`reckoning.py`)."""
        self.is_final = False
        """Whether the answer has come to its own end."""
        self._is_stated = False
        self.model: str | None = None
        """Which model answered, as the provider names it."""

    def feed(self, chunk: bytes) -> None:
        """Reads these bytes; wherever they were cut."""
        if self._events is None:
            self._size += len(chunk)
            if self._size <= _MOST_BODY:
                self._body.append(chunk)
            return
        for event in self._events.feed(chunk):
            if event.data == _DONE:
                self.is_final = True
            elif (content := _parsed(event.data)) is not None:
                self._on_event(self, content)

    def finish(self) -> None:
        """The answer has ended; one without a stream is read now."""
        if self._events is not None or self._size > _MOST_BODY:
            return
        whole, self._body = b"".join(self._body), []
        for content in _parsed_list(whole):
            _WHOLE[self._dialect](self, content)

    @property
    def usage(self) -> TokenUsage:
        """As far as it was stated; `pieces` say more of what came out than a cut report does."""
        return usage_of(self._dialect, self._report)

    @property
    def has_input(self) -> bool:
        """Whether the provider stated what went in."""
        return self.usage.whole_input > 0

    @property
    def is_exact(self) -> bool:
        """Whether `usage` is what the provider stated of the whole answer."""
        return self.is_final and self._is_stated

    def report(self, report: object, *, counts: bool = True) -> None:
        """A statement of usage in the answer; `counts`: also of what came out."""
        if isinstance(report, dict) and report:
            self._report = merged(self._report, cast("dict[str, Any]", report))
            self._is_stated = self._is_stated or counts

    def note_text(self, *texts: object) -> None:
        """Text that came out."""
        self.pieces += sum(pieces_of(text) for text in texts if isinstance(text, str))

    def note_model(self, name: object) -> None:
        """The model that the answer names."""
        if isinstance(name, str) and name:
            self.model = name


def _anthropic(meter: Meter, content: Json) -> None:
    match content.get("type"):
        case "message_start":
            message = _inner(content, "message")
            meter.note_model(message.get("model"))
            meter.report(message.get("usage"), counts=False)
        case "message_delta":
            meter.report(content.get("usage"), counts=_inner(content, "usage").get("output_tokens") is not None)
            meter.is_final = meter.is_final or _inner(content, "delta").get("stop_reason") is not None
        case "content_block_delta":
            delta = _inner(content, "delta")
            meter.note_text(delta.get("text"), delta.get("thinking"), delta.get("partial_json"))
        case "message_stop":
            meter.is_final = True
        case _:
            return


def _chat(meter: Meter, content: Json) -> None:
    meter.note_model(content.get("model"))
    meter.report(content.get("usage"))
    for choice in _objects(content, "choices"):
        meter.is_final = meter.is_final or choice.get("finish_reason") is not None
        delta = _inner(choice, "delta")
        meter.note_text(delta.get("content"), delta.get("reasoning_content"), delta.get("refusal"))
        for call in _objects(delta, "tool_calls"):
            function = _inner(call, "function")
            meter.note_text(function.get("name"), function.get("arguments"))


def _responses(meter: Meter, content: Json) -> None:
    kind = content.get("type")
    if kind in _LAST:
        meter.is_final = True
        _whole(meter, _inner(content, "response"))
    elif isinstance(kind, str) and kind.endswith(".delta"):
        meter.note_text(content.get("delta"))


def _gemini(meter: Meter, content: Json) -> None:
    meter.note_model(content.get("modelVersion"))
    meter.report(content.get("usageMetadata"))
    for candidate in _objects(content, "candidates"):
        meter.is_final = meter.is_final or isinstance(candidate.get("finishReason"), str)
        for part in _objects(_inner(candidate, "content"), "parts"):
            call = part.get("functionCall")
            meter.note_text(part.get("text"), json.dumps(call) if call else None)


def _whole(meter: Meter, content: Json) -> None:
    meter.note_model(content.get("model"))
    meter.report(content.get("usage"))
    meter.is_final = True


def _whole_gemini(meter: Meter, content: Json) -> None:
    _gemini(meter, content)
    meter.is_final = True


_EVENTS: Final[Mapping[Dialect, Callable[[Meter, Json], None]]] = {
    Dialect.ANTHROPIC: _anthropic,
    Dialect.CHAT: _chat,
    Dialect.RESPONSES: _responses,
    Dialect.GEMINI: _gemini,
}
_WHOLE: Final[Mapping[Dialect, Callable[[Meter, Json], None]]] = {
    **dict.fromkeys(Dialect, _whole),
    Dialect.GEMINI: _whole_gemini,
}


def _parsed(data: bytes) -> Json | None:
    try:
        content = from_json(data)
    except ValueError:
        return None
    return cast("Json", content) if isinstance(content, dict) else None


def _parsed_list(data: bytes) -> list[Json]:
    """The objects of a whole answer: one, or the parts that Gemini writes as a list."""
    try:
        content = from_json(data)
    except ValueError:
        return []
    parts = cast("list[object]", content) if isinstance(content, list) else [content]
    return [cast("Json", one) for one in parts if isinstance(one, dict)]


def _inner(content: Json, name: str) -> Json:
    value = content.get(name)
    return cast("Json", value) if isinstance(value, dict) else {}


def _objects(content: Json, name: str) -> Iterator[Json]:
    value = content.get(name)
    if isinstance(value, list):
        yield from (cast("Json", one) for one in cast("list[object]", value) if isinstance(one, dict))
