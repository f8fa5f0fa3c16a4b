"""Pure: Discord's rules for modals, both the form that a bot shows and the values that a person sends back."""

from typing import Any, Final

from ompycord.playground.rules import shapes
from ompycord.playground.rules.components import check_defaults, check_options, check_range
from ompycord.playground.rules.documents import Json, as_list, as_object
from ompycord.playground.rules.errors import Form
from ompycord.playground.rules.limits import Limits

Path = tuple[str | int, ...]
ROW: Final = 1
TEXT_DISPLAY: Final = 10
LABEL: Final = 18
TEXT_INPUT: Final = 4
STRING_SELECT: Final = 3
FILE_UPLOAD: Final = 19
RADIO_GROUP: Final = 21
CHECKBOX_GROUP: Final = 22
CHECKBOX: Final = 23
SELECTS: Final = (3, 5, 6, 7, 8)
RESOLVING: Final = (5, 6, 7, 8)
LABELLED: Final = (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)
"""What a label can hold."""


def check_modal(data: Any, limits: Limits) -> None:
    """Raise 50035 for a modal that Discord would not show."""
    shapes.require(data, shapes.MODAL, ("data",))
    form = Form()
    modal = as_object(data) or {}
    form.length(("data", "custom_id"), modal.get("custom_id"), 1, limits.custom_id)
    form.length(("data", "title"), modal.get("title"), 1, limits.modal_title)
    items: list[Json] = as_list(modal.get("components"))
    form.length(("data", "components"), items, 1, limits.modal_components)
    seen: set[str] = set()
    for place, item in enumerate(items):
        _check_part(form, ("data", "components", place), item, limits, seen)
    form.check()


def _check_part(form: Form, path: Path, item: Json, limits: Limits, seen: set[str]) -> None:
    kind = item.get("type")
    if not form.choice((*path, "type"), kind, (ROW, TEXT_DISPLAY, LABEL)):
        return
    if kind == ROW:
        children: list[Json] = as_list(item.get("components"))
        if form.length((*path, "components"), children, 1, 1) and form.choice(
            (*path, "components", 0, "type"), children[0].get("type"), (TEXT_INPUT,)
        ):
            form.length((*path, "components", 0, "label"), children[0].get("label"), 1, limits.input_label)
            _check_input(form, (*path, "components", 0), children[0], limits, seen)
    elif kind == LABEL:
        form.length((*path, "label"), item.get("label"), 1, limits.input_label)
        if item.get("description") is not None:
            form.length((*path, "description"), item["description"], 1, limits.label_description)
        child = as_object(item.get("component")) or {}
        if form.choice((*path, "component", "type"), child.get("type"), LABELLED):
            _check_input(form, (*path, "component"), child, limits, seen)


def _check_input(form: Form, path: Path, item: Json, limits: Limits, seen: set[str]) -> None:
    if form.length((*path, "custom_id"), item.get("custom_id"), 1, limits.custom_id):
        if item["custom_id"] in seen:
            form.wrong(
                (*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
            )
        seen.add(item["custom_id"])
    if item.get("disabled"):
        form.wrong((*path, "disabled"), "MODAL_COMPONENT_DISABLED", "A modal has no disabled components")
    if item.get("min_values") == 0 and item.get("required", True) is not False:
        words = "min_values must be at least 1 where an answer is required"
        form.wrong((*path, "min_values"), "NUMBER_TYPE_MIN", words)
    match item["type"]:
        case 4:
            _check_text_input(form, path, item, limits)
        case 19:
            check_range(form, path, item, limits.files_per_input)
        case 21:
            check_options(form, path, item, lowest=2, highest=limits.radio_options, limits=limits)
        case 22:
            check_range(form, path, item, limits.radio_options)
            options = len(as_list(item.get("options")))
            check_options(form, path, item, highest=limits.radio_options, limits=limits, most=options)
        case 23:
            pass
        case _:
            _check_select(form, path, item, limits)


def _check_text_input(form: Form, path: Path, item: Json, limits: Limits) -> None:
    form.choice((*path, "style"), item.get("style"), (1, 2))
    if item.get("placeholder") is not None:
        form.length((*path, "placeholder"), item["placeholder"], 0, limits.input_placeholder)
    if item.get("value") is not None:
        form.length((*path, "value"), item["value"], 0, limits.input_value)
    for key, least in (("min_length", 0), ("max_length", 1)):
        if item.get(key) is not None:
            form.between((*path, key), item[key], least, limits.input_value)


def _check_select(form: Form, path: Path, item: Json, limits: Limits) -> None:
    if item.get("placeholder") is not None:
        form.length((*path, "placeholder"), item["placeholder"], 0, limits.placeholder)
    check_range(form, path, item, limits.select_options)
    if item["type"] == STRING_SELECT:
        check_options(form, path, item, highest=limits.select_options, limits=limits)
    else:
        check_defaults(form, path, item)


def inputs(modal: Json) -> list[Json]:
    """The inputs of a modal in their order."""
    found: list[Json] = []
    for item in as_list(modal.get("components")):
        found += (
            as_list(item.get("components"))
            if item["type"] == ROW
            else [item["component"]]
            if item["type"] == LABEL
            else []
        )
    return found


def wrong_values(modal: Json, values: Json, limits: Limits) -> dict[str, str]:
    """What a client would complain about before it sends: custom id -> a sentence. Empty when all is well."""
    wrong: dict[str, str] = {}
    known = {item["custom_id"] for item in inputs(modal)}
    for name in values:
        if name not in known:
            wrong[name] = "There is no such field in this form."
    for item in inputs(modal):
        problem = _wrong_value(item, values, limits)
        if problem:
            wrong[item["custom_id"]] = problem
    return wrong


def _wrong_value(item: Json, values: Json, limits: Limits) -> str | None:
    match item["type"]:
        case 4:
            return _wrong_text(item, values, limits)
        case 21:
            return _wrong_choice(item, values)
        case 23:
            given = values.get(item["custom_id"], bool(item.get("default")))
            return None if isinstance(given, bool) else "This field is checked or not."
        case _:
            return _wrong_list(item, values)


def _wrong_choice(item: Json, values: Json) -> str | None:
    """A radio group takes one of its values, or none."""
    value = values.get(item["custom_id"], next(iter(preselected(item)), None))
    if value is None:
        return "This field is required." if item.get("required", True) else None
    return None if value in {option["value"] for option in item["options"]} else "Not one of the choices."


def _wrong_text(item: Json, values: Json, limits: Limits) -> str | None:
    value = values.get(item["custom_id"], item.get("value") or "")
    if not isinstance(value, str):
        return "This field takes text."
    if not value:
        return "This field is required." if item.get("required", True) else None
    low, high = item.get("min_length") or 0, item.get("max_length") or limits.input_value
    if len(value) < low:
        return f"Must be {low} or more in length."
    return f"Must be {high} or fewer in length." if len(value) > high else None


def _wrong_list(item: Json, values: Json) -> str | None:
    chosen = values.get(item["custom_id"])
    if chosen is None:
        chosen = preselected(item)
    if not isinstance(chosen, list):
        return "This field takes a list."
    picked: list[Any] = chosen  # pyright: ignore[reportUnknownVariableType]  # JSON
    if not picked:
        return "This field is required." if item.get("required", True) else None
    offered = len(as_list(item.get("options"))) if item["type"] == CHECKBOX_GROUP else 1
    low, high = item.get("min_values", 1), item.get("max_values") or offered
    if not low <= len(picked) <= high:
        return f"Choose {low} to {high}."
    if item["type"] in (STRING_SELECT, CHECKBOX_GROUP):
        known = {option["value"] for option in item["options"]}
        if len(set(picked)) != len(picked) or not set(picked) <= known:
            return "Not one of the choices."
    return None


def preselected(item: Json) -> list[str]:
    """The options of a select that are chosen already."""
    return [option["value"] for option in as_list(item.get("options")) if option.get("default")]


def submitted(modal: Json, values: Json) -> list[Json]:
    """The components of the interaction that the values make, in the modal's own layout."""
    result: list[Json] = []
    for item in as_list(modal.get("components")):
        if item["type"] == ROW:
            filled = [_filled(child, values) for child in item["components"]]
            result.append({"type": ROW, "id": item["id"], "components": filled})
        elif item["type"] == LABEL:
            result.append({"type": LABEL, "id": item["id"], "component": _filled(item["component"], values)})
        else:
            result.append({"type": TEXT_DISPLAY, "id": item["id"]})
    return result


def _filled(item: Json, values: Json) -> Json:
    base: Json = {"type": item["type"], "id": item["id"], "custom_id": item["custom_id"]}
    if item["type"] == TEXT_INPUT:
        return {**base, "value": values.get(item["custom_id"], item.get("value") or "")}
    if item["type"] == RADIO_GROUP:
        return {**base, "value": values.get(item["custom_id"], next(iter(preselected(item)), None))}
    if item["type"] == CHECKBOX:
        return {**base, "value": values.get(item["custom_id"], bool(item.get("default")))}
    chosen = values.get(item["custom_id"])
    return {**base, "values": preselected(item) if chosen is None else chosen}
