"""Labels and assignees of an issue or a pull request, with the lines of its timeline that say so."""

from collections.abc import Sequence

from ompycord.playground.forge.forge import Forge
from ompycord.playground.forge.refusals import not_found
from ompycord.playground.rules.documents import Json


def add_labels(forge: Forge, login: str, found: Json, wanted: Sequence[str]) -> Json:
    """GitHub makes a label that it does not know."""
    records, name = forge.records, found["repository"]
    known = {one["name"] for one in records.children("label", name)}
    for label in wanted:
        if label not in known:
            records.add("label", name, {"name": label})
    fresh = [one for one in dict.fromkeys(wanted) if one not in found["labels"]]
    made = records.change("pull", found, labels=[*found["labels"], *fresh])
    for label in fresh:
        forge.note(made, "labeled", login, about=label)
    forge.changed(made)
    return made


def remove_label(forge: Forge, login: str, found: Json, label: str) -> Json:
    """Raises ForgeRefusal where it is not there."""
    if label not in found["labels"]:
        raise not_found()
    made = forge.records.change("pull", found, labels=[one for one in found["labels"] if one != label])
    forge.note(made, "unlabeled", login, about=label)
    forge.changed(made)
    return made


def assign(forge: Forge, login: str, found: Json, wanted: Sequence[str]) -> Json:
    """Those who cannot be assigned are left out without a word, as on GitHub."""
    usable = [one for one in dict.fromkeys(wanted) if forge.views.account(one)["permission"] != "none"]
    fresh = [one for one in usable if one not in found["assignees"]]
    made = forge.records.change("pull", found, assignees=[*found["assignees"], *fresh])
    for one in fresh:
        forge.note(made, "assigned", login, about=one)
    forge.changed(made)
    return made
