"""Pure: components as Discord gives them back, and found by their custom id; `components.py` judges them first."""

from typing import Final

from ompycord.playground.rules.documents import Json, as_list, as_object, as_objects

SELECTS: Final = (3, 5, 6, 7, 8)


def normalized(components: list[Json]) -> list[Json]:
    """Components as Discord gives them back: numbered, without nulls, with a select's range spelled out."""
    counter = _Counter()
    return [_normal(item, counter) for item in components]


_DEFAULTS: Final[dict[int, Json]] = {
    11: {"description": None, "spoiler": False},
    13: {"spoiler": False},
    14: {"divider": True, "spacing": 1},
    17: {"accent_color": None, "spoiler": False},
}
"""Component type -> what Discord spells out where the bot left it out."""


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
    result |= {key: result.get(key, value) for key, value in _DEFAULTS.get(item.get("type", 0), {}).items()}
    if "items" in result:
        result["items"] = [{"description": None, "spoiler": False, **one} for one in as_objects(result["items"])]
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


def with_media(components: list[Json], files: list[Json]) -> list[Json]:
    """The components with the addresses of their media, `attachment://name` replaced by that of the file."""
    by_name = {item["filename"]: item for item in files}
    return [_with_media(item, by_name) for item in components]


def _with_media(item: Json, files: dict[str, Json]) -> Json:
    result: Json = dict(item)
    for key in ("media", "file"):
        media = as_object(result.get(key))
        if media is not None:
            result[key] = _unfurled(str(media.get("url")), files)
    if result.get("type") == 13:  # a file
        known = files.get(_name_of(str((as_object(item.get("file")) or {}).get("url"))))
        result |= {"name": known["filename"] if known else None, "size": known["size"] if known else None}
    for key in ("components", "items"):
        if key in result:
            result[key] = [_with_media(child, files) for child in as_objects(result[key])]
    if as_object(result.get("accessory")) is not None:
        result["accessory"] = _with_media(result["accessory"], files)
    return result


def _unfurled(url: str, files: dict[str, Json]) -> Json:
    known = files.get(_name_of(url))
    if known is None:
        return {"id": "0", "url": url, "proxy_url": url}
    return {
        "id": known["id"],
        "attachment_id": known["id"],
        "url": known["url"],
        "proxy_url": known["proxy_url"],
        "content_type": known["content_type"],
    }


def _name_of(url: str) -> str:
    return url.removeprefix("attachment://")
