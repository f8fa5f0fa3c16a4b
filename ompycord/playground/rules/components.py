"""Pure: Discord's rules for message components, noted field by field; its counterpart for modals is `modals.py`.

Discord, "Component reference".
"""

from typing import Any, Final

from ompycord.playground.rules.documents import Json, as_list, as_object
from ompycord.playground.rules.emoji import is_unicode_emoji
from ompycord.playground.rules.errors import Form
from ompycord.playground.rules.limits import Limits

Path = tuple[str | int, ...]
SELECTS: Final = (3, 5, 6, 7, 8)
ROW, BUTTON, SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 1, 2, 9, 10, 11, 12, 13, 14, 17
WITHIN_CONTAINER: Final = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)
TOP: Final = (*WITHIN_CONTAINER, CONTAINER)
"""Top-level component types with the components-v2 flag; without it only rows (1) are taken."""
NO_WIDTH_CODE: Final = "COMPONENT_LAYOUT_WIDTH_EXCEEDED"
LINK, PREMIUM = 5, 6
"""Button styles that send no interaction."""
SCHEMES: Final = ("http://", "https://", "discord://")
PICKED: Final = {5: ("user",), 6: ("role",), 7: ("user", "role"), 8: ("channel",)}
"""Select type -> the types of its default values."""


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
        self._ids: set[int] = set()
        self._count = 0
        self._characters = 0
        """Of all text displays together."""

    def check_top(self, items: list[Any]) -> None:
        self._check_children(("components",), items, TOP if self._is_v2 else (ROW,))
        if self._is_v2 and self._count > self._limits.components_v2:
            self._form.wrong(("components",), "BASE_TYPE_MAX_LENGTH", "Must be 40 or fewer in length.")
        if self._characters > self._limits.components_text:
            words = f"Must be {self._limits.components_text} or fewer in length."
            self._form.wrong(("components",), "BASE_TYPE_MAX_LENGTH", words)

    def _check_children(self, path: Path, items: list[Any], allowed: tuple[int, ...]) -> None:
        for place, item in enumerate(items):
            self._check_child((*path, place), as_object(item) or {}, allowed)

    def _check_child(self, path: Path, item: Json, allowed: tuple[int, ...]) -> None:
        if self._form.choice((*path, "type"), item.get("type"), allowed):
            self._check(path, item)

    def _check(self, path: Path, item: Json) -> None:
        self._count += 1
        self._check_id(path, item)
        match item.get("type"):
            case 1:
                self._check_row(path, item)
            case 2:
                self._check_button(path, item)
            case 9:
                self._check_section(path, item)
            case 10:
                if self._form.length((*path, "content"), item.get("content"), 1, self._limits.components_text):
                    self._characters += len(item["content"])
            case 17:
                self._check_container(path, item)
            case 11 | 12 | 13 | 14:
                check_content(self._form, path, item, self._limits)
            case _:
                self._check_select(path, item)

    def _check_id(self, path: Path, item: Json) -> None:
        """A component's own number is unique within the message; 0 stands for none."""
        number = item.get("id")
        if isinstance(number, int) and number and number in self._ids:
            self._form.wrong((*path, "id"), "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
        elif isinstance(number, int):
            self._ids.add(number)

    def _check_section(self, path: Path, section: Json) -> None:
        children: list[Json] = as_list(section.get("components"))
        if self._form.length((*path, "components"), children, 1, self._limits.section_texts):
            self._check_children((*path, "components"), children, (TEXT,))
        accessory = as_object(section.get("accessory"))
        if accessory is None:
            self._form.required((*path, "accessory"))
        else:
            self._check_child((*path, "accessory"), accessory, (BUTTON, THUMBNAIL))

    def _check_container(self, path: Path, container: Json) -> None:
        children: list[Json] = as_list(container.get("components"))
        if self._form.length((*path, "components"), children, 1, self._limits.components_v2):
            self._check_children((*path, "components"), children, WITHIN_CONTAINER)
        if container.get("accent_color") is not None:
            self._form.between((*path, "accent_color"), container["accent_color"], 0, 0xFFFFFF)

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
        if not form.choice((*path, "style"), style, (1, 2, 3, 4, LINK, PREMIUM)):
            return
        if style == PREMIUM:
            self._check_premium(path, button)
            return
        if button.get("label") is not None:
            form.length((*path, "label"), button["label"], 0, limits.button_label)
        check_emoji(form, (*path, "emoji"), button.get("emoji"))
        if not button.get("label") and not button.get("emoji"):
            form.wrong((*path,), "BUTTON_COMPONENT_INVALID", "A button must have a label or an emoji")
        if button.get("sku_id") is not None:
            form.wrong((*path, "sku_id"), "BUTTON_COMPONENT_INVALID", "Only a premium button has a sku")
        if style == LINK:
            self._check_link(path, button)
        elif button.get("url") is not None:
            form.wrong((*path, "url"), "BUTTON_COMPONENT_INVALID", "Only a link button has a url")
        else:
            self._check_custom_id(path, button)

    def _check_link(self, path: Path, button: Json) -> None:
        form, url = self._form, button.get("url")
        if not url or button.get("custom_id"):
            form.wrong((*path, "url"), "BUTTON_COMPONENT_INVALID_URL", "A link button has a url and no custom id")
        elif form.length((*path, "url"), url, 1, self._limits.button_url) and not url.startswith(SCHEMES):
            scheme = url.partition(":")[0]
            words = f"Scheme \"{scheme}\" is not supported. Scheme must be one of ('http', 'https', 'discord')."
            form.wrong((*path, "url"), "URL_TYPE_INVALID_SCHEME", words)

    def _check_premium(self, path: Path, button: Json) -> None:
        if button.get("sku_id") is None:
            self._form.required((*path, "sku_id"))
        for key in ("custom_id", "label", "url", "emoji"):
            if button.get(key):
                self._form.wrong((*path, key), "BUTTON_COMPONENT_INVALID", f"A premium button has no {key}")

    def _check_select(self, path: Path, select: Json) -> None:
        form, limits = self._form, self._limits
        self._check_custom_id(path, select)
        if select.get("placeholder") is not None:
            form.length((*path, "placeholder"), select["placeholder"], 0, limits.placeholder)
        check_range(form, path, select, limits.select_options)
        if select["type"] == 3:
            check_options(form, path, select, highest=limits.select_options, limits=limits)
        else:
            check_defaults(form, path, select)

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


def check_options(
    form: Form, path: Path, select: Json, *, lowest: int = 1, highest: int, limits: Limits, most: int | None = None
) -> None:
    """The options of a select or a group: so many, labels and values of 1 to 100, values that differ.

    `most` is how many may be chosen where the component does not say.
    """
    options: list[Json] = as_list(select.get("options"))
    if not form.length((*path, "options"), options, lowest, highest):
        return
    seen: set[str] = set()
    for place, option in enumerate(options):
        spot = (*path, "options", place)
        form.length((*spot, "label"), option.get("label"), 1, limits.select_label)
        form.length((*spot, "value"), option.get("value"), 1, limits.select_label)
        if option.get("description") is not None:
            form.length((*spot, "description"), option["description"], 0, limits.select_label)
        check_emoji(form, (*spot, "emoji"), option.get("emoji"))
        if option.get("value") in seen:
            form.wrong(
                (*spot, "value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            )
        seen.add(str(option.get("value")))
    chosen = sum(1 for option in options if option.get("default"))
    if chosen > (select.get("max_values") or most or 1):
        form.wrong((*path, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "More defaults than max_values")


def check_defaults(form: Form, path: Path, select: Json) -> None:
    """The default values of a select that Discord fills: of its own type, as many as may be chosen."""
    values: list[Json] = as_list(select.get("default_values"))
    if not values:
        return
    low, high = select.get("min_values"), select.get("max_values")
    form.length((*path, "default_values"), values, 1 if low is None else low, high or 1)
    for place, value in enumerate(values):
        form.choice((*path, "default_values", place, "type"), value.get("type"), PICKED[select["type"]])


def check_emoji(form: Form, path: Path, emoji: Any) -> None:
    """An emoji of a button or an option: a unicode one, since the guild has none of its own."""
    found = as_object(emoji)
    if found is not None and (found.get("id") is not None or not is_unicode_emoji(str(found.get("name") or ""))):
        form.wrong(path, "COMPONENT_INVALID_EMOJI", "Invalid emoji")


def check_content(form: Form, path: Path, item: Json, limits: Limits) -> None:
    """A thumbnail, a gallery, a file or a separator."""
    match item["type"]:
        case 11:
            _check_media(form, path, item, limits)
        case 12:
            items: list[Json] = as_list(item.get("items"))
            if form.length((*path, "items"), items, 1, limits.gallery_items):
                for place, one in enumerate(items):
                    _check_media(form, (*path, "items", place), one, limits)
        case 13:
            url = str((as_object(item.get("file")) or {}).get("url") or "")
            if not url.startswith("attachment://"):
                words = "The file must be an attachment: attachment://<filename>"
                form.wrong((*path, "file", "url"), "UNFURLED_MEDIA_ITEM_REFERENCE_REQUIRED", words)
        case _:
            if item.get("spacing") is not None:
                form.choice((*path, "spacing"), item["spacing"], (1, 2))


def _check_media(form: Form, path: Path, item: Json, limits: Limits) -> None:
    url = (as_object(item.get("media")) or {}).get("url")
    if url is None:
        form.required((*path, "media", "url"))
    elif not str(url).startswith(("http://", "https://", "attachment://")):
        form.wrong((*path, "media", "url"), "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    if item.get("description") is not None:
        form.length((*path, "description"), item["description"], 1, limits.alt_text)
