"""A form that an agent wants filled in (`elicitation/create`, mode form): one question per field, then one answer.

Part of `acp.py`.
"""

from typing import Final

from ompycord.dialects.frames import Frame, boolean, dig, found, listed, objects, one_line, string
from ompycord.dialects.options import Options, question
from ompycord.dialects.requests.open_requests import request_name
from ompycord.dialects.strict_json import JsonValue
from ompycord.domain.events import QuestionAsked

__all__ = ["ElicitationForm"]

_FIELDS: Final = 8
_YES, _NO = "Yes", "No"


class ElicitationForm:
    """The fields of one form and people's answers."""

    def __init__(self, id_: JsonValue, params: Frame, *, start: str) -> None:
        self._start = start
        self.id = id_
        """The id of the request, for the answer."""
        self._message = string(params, "message")
        fields = found(params, "requestedSchema", "properties")
        self._fields = {name: found(fields, name) for name in list(fields)[:_FIELDS]}
        self._options = {name: _options(field) for name, field in self._fields.items()}
        self._content: Frame = {}

    @property
    def content(self) -> Frame | None:
        """The answers, once all are there."""
        return self._content if self._content.keys() >= self._fields.keys() else None

    def refs(self) -> dict[str, str]:
        """Our reference for each field, and its name."""
        return {
            request_name("form", self._start, str(self.id), str(index)): name for index, name in enumerate(self._fields)
        }

    def questions(self) -> tuple[QuestionAsked, ...]:
        """One for every field."""
        return tuple(self._question(name, key) for key, name in self.refs().items())

    def fill(self, name: str, answer: str) -> bool:
        """Puts an answer into its field; False where the field cannot hold it."""
        field, options = self._fields[name], self._options[name]
        value = _value(field, options, answer)
        if value is None:
            return False
        self._content[name] = value
        return True

    def _question(self, name: str, key: str) -> QuestionAsked:
        field, options = self._fields[name], self._options[name]
        label = one_line(string(field, "title") or string(field, "description") or name)
        text = self._message if len(self._fields) == 1 else f"{self._message}\n{label}"
        details = [one_line(string(field, "description"))] if string(field, "description") not in {"", label} else []
        is_list = field.get("type") == "array"
        if is_list:
            details.append("Several are possible, with commas between them.")
        return question(key, text, options, details=details, free_text=is_list or options is None)


def _options(field: Frame) -> Options | None:
    if field.get("type") == "boolean":
        return Options([_YES, _NO])
    place = found(field, "items") if field.get("type") == "array" else field
    values = [one for one in listed(place, "enum") if isinstance(one, str)]
    named = [string(one, "const") for one in (objects(place, "oneOf") or objects(place, "anyOf"))]
    return Options(values or named, several=field.get("type") == "array") if values or named else None


def _value(field: Frame, options: Options | None, answer: str) -> JsonValue:
    """The answer as the field's type has it; None where it cannot be."""
    kind = string(field, "type")
    if kind == "boolean":
        return {_YES: True, _NO: False}.get(answer)
    if kind == "array":
        if options is None:
            return [part.strip() for part in answer.split(",") if part.strip()]
        picked: list[JsonValue] = [value for _, value in options.pick_several(answer)]
        return None if None in picked else picked
    if kind in {"integer", "number"}:
        return _number(answer, whole=kind == "integer")
    return options.pick(answer) if options else answer


def _number(answer: str, *, whole: bool) -> JsonValue:
    try:
        return int(answer) if whole else float(answer)
    except ValueError:
        return None


def is_single_choice(params: Frame, values: list[str]) -> bool:
    """Whether a form is one field with exactly these values."""
    fields = found(params, "requestedSchema", "properties")
    field = found(fields, next(iter(fields), ""))
    return len(fields) == 1 and dig(field, "enum") == values and not boolean(field, "default")
