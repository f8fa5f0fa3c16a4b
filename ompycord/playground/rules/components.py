"""Pure: Discord's rules for message components, noted field by field; its counterpart for modals is `modals.py`."""

from typing import Any, Final

from ompycord.playground.rules.documents import Json, as_list
from ompycord.playground.rules.errors import Form
from ompycord.playground.rules.limits import Limits

Path = tuple[str | int, ...]
SELECTS: Final = (3, 5, 6, 7, 8)
LAYOUT: Final = (1, 9, 10, 11, 12, 13, 14, 17)
"""Top-level component types with the components-v2 flag; without it only rows (1) are taken."""
NO_WIDTH_CODE: Final = "COMPONENT_LAYOUT_WIDTH_EXCEEDED"


def validate(form: Form, components: Any, limits: Limits, *, is_v2: bool) -> None:
    """Note what is wrong with a message's `components`."""
    if components is None:
        return
    if not isinstance(components, list):
        form.wrong(("components",), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return
    items: list[Any] = as_list(components)  # pyright: ignore[reportUnknownArgumentType]  # checked as JSON
    if not is_v2:
        form.length(("components",), items, 0, limits.rows)
    _Checker(form, limits, is_v2=is_v2).check_top(items)


class _Checker:
    """Walks a message's components once and remembers their custom ids."""

    def __init__(self, form: Form, limits: Limits, *, is_v2: bool) -> None:
        self._form = form
        self._limits = limits
        self._is_v2 = is_v2
        self._seen: set[str] = set()
        self._count = 0

    def check_top(self, items: list[Any]) -> None:
        for place, item in enumerate(items):
            path: Path = ("components", place)
            allowed = LAYOUT if self._is_v2 else (1,)
            if isinstance(item, dict) and self._form.choice((*path, "type"), item.get("type"), allowed):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # JSON
                self._check(path, item)  # pyright: ignore[reportUnknownArgumentType]  # JSON
        if self._is_v2 and self._count > self._limits.components_v2:
            self._form.wrong(("components",), "BASE_TYPE_MAX_LENGTH", "Must be 40 or fewer in length.")

    def _check(self, path: Path, item: Json) -> None:
        self._count += 1
        kind = item.get("type")
        if kind == 1:
            self._check_row(path, item)
        elif kind == 2:
            self._check_button(path, item)
        elif kind in SELECTS:
            self._check_select(path, item)
        elif kind == 10:
            self._form.length((*path, "content"), item.get("content"), 1, self._limits.input_value)
        else:
            children = [*as_list(item.get("components")), *([item["accessory"]] if item.get("accessory") else [])]
            for place, child in enumerate(children):
                self._check((*path, "components", place), child)

    def _check_row(self, path: Path, row: Json) -> None:
        children: list[Json] = as_list(row.get("components"))
        if not self._form.length((*path, "components"), children, 1, self._limits.row_buttons):
            return
        has_select = any(child.get("type") in SELECTS for child in children)
        if has_select and len(children) > 1:
            self._form.wrong((*path, "components"), NO_WIDTH_CODE, "The specified component exceeds the maximum width")
        for place, child in enumerate(children):
            spot = (*path, "components", place)
            if self._form.choice((*spot, "type"), child.get("type"), (2, *SELECTS)):
                self._check(spot, child)

    def _check_button(self, path: Path, button: Json) -> None:
        form, limits = self._form, self._limits
        style = button.get("style")
        if not form.choice((*path, "style"), style, (1, 2, 3, 4, 5, 6)):
            return
        if button.get("label") is not None:
            form.length((*path, "label"), button["label"], 0, limits.button_label)
        if not button.get("label") and not button.get("emoji") and style != 6:
            form.wrong((*path,), "BUTTON_COMPONENT_INVALID", "A button must have a label or an emoji")
        if style == 5:
            if not button.get("url") or button.get("custom_id"):
                form.wrong((*path, "url"), "BUTTON_COMPONENT_INVALID_URL", "A link button has a url and no custom id")
            else:
                form.length((*path, "url"), button["url"], 1, limits.button_url)
        elif style != 6:
            self._check_custom_id(path, button)

    def _check_select(self, path: Path, select: Json) -> None:
        form, limits = self._form, self._limits
        self._check_custom_id(path, select)
        if select.get("placeholder") is not None:
            form.length((*path, "placeholder"), select["placeholder"], 0, limits.placeholder)
        check_range(form, path, select, limits.select_options)
        if select["type"] == 3:
            check_options(form, path, select, limits)

    def _check_custom_id(self, path: Path, item: Json) -> None:
        value = item.get("custom_id")
        if value is None:
            self._form.required((*path, "custom_id"))
        elif self._form.length((*path, "custom_id"), value, 1, self._limits.custom_id):
            if value in self._seen:
                self._form.wrong(
                    (*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
                )
            self._seen.add(value)


def check_range(form: Form, path: Path, item: Json, highest: int) -> None:
    """`min_values` (0 to highest) and `max_values` (1 to highest), the first not above the second."""
    low, high = item.get("min_values"), item.get("max_values")
    for key, value, least in (("min_values", low, 0), ("max_values", high, 1)):
        if value is not None and not (isinstance(value, int) and least <= value <= highest):
            form.wrong((*path, key), "NUMBER_TYPE_MAX", f"int value should be between {least} and {highest}.")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        form.wrong((*path, "min_values"), "SELECT_COMPONENT_INVALID_RANGE", "min_values must not be above max_values")


def check_options(form: Form, path: Path, select: Json, limits: Limits) -> None:
    """The options of a string select: 1 to 25, labels and values of 1 to 100, values that differ."""
    options: list[Json] = as_list(select.get("options"))
    if not form.length((*path, "options"), options, 1, limits.select_options):
        return
    seen: set[str] = set()
    for place, option in enumerate(options):
        spot = (*path, "options", place)
        form.length((*spot, "label"), option.get("label"), 1, limits.select_label)
        form.length((*spot, "value"), option.get("value"), 1, limits.select_label)
        if option.get("description") is not None:
            form.length((*spot, "description"), option["description"], 0, limits.select_label)
        if option.get("value") in seen:
            form.wrong(
                (*spot, "value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            )
        seen.add(str(option.get("value")))
    chosen = sum(1 for option in options if option.get("default"))
    if chosen > (select.get("max_values") or 1):
        form.wrong((*path, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "More defaults than max_values")


def normalized(components: list[Json]) -> list[Json]:
    """Components as Discord gives them back: numbered, without nulls, with a select's range spelled out."""
    counter = _Counter()
    return [_normal(item, counter) for item in components]


class _Counter:
    def __init__(self) -> None:
        self.value = 0

    def next(self) -> int:
        self.value += 1
        return self.value


def _normal(item: Json, counter: _Counter) -> Json:
    number = counter.next()
    result: Json = _without_nulls(item)
    result["id"] = item.get("id") or number
    if item.get("type") in SELECTS:
        result.setdefault("min_values", 1)
        result.setdefault("max_values", 1)
    if item.get("type") == 4:
        result.setdefault("min_length", None)
        result.setdefault("max_length", None)
        result.setdefault("label", None)
    if "components" in result:
        result["components"] = [_normal(child, counter) for child in as_list(result["components"])]
    for key in ("component", "accessory"):
        if key in result:
            result[key] = _normal(result[key], counter)
    return result


def _without_nulls(item: Json) -> Json:
    """The object without nulls, in its emoji and options too."""
    result: Json = {}
    for key, value in item.items():
        if key == "emoji" and isinstance(value, dict):
            result[key] = _without_nulls(value)  # pyright: ignore[reportUnknownArgumentType]  # JSON
        elif key == "options":
            result[key] = [_without_nulls(option) for option in as_list(value)]
        elif value is not None:
            result[key] = value
    return result


def find(components: list[Json], custom_id: str) -> Json | None:
    """The component with this custom id, wherever it stands."""
    for item in components:
        if item.get("custom_id") == custom_id:
            return item
        inner = [*as_list(item.get("components")), *([item["accessory"]] if item.get("accessory") else [])]
        inner += [item["component"]] if item.get("component") else []
        found = find(inner, custom_id)
        if found is not None:
            return found
    return None
