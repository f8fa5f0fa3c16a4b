"""The form of a new task: what it offers holds for whichever repository is chosen in it."""

from pathlib import Path
from typing import Any

from ompycord.bot.interactions.task_form import task_form
from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import AgentSpec, CheckSpec, RepositorySpec

AGENTS = tuple(AgentSpec(name=name, kind="command", command=("x",)) for name in ("first", "second", "third"))
SHOP = RepositorySpec(
    name="shop", path=Path("shop"), agents=("second",), checks=(CheckSpec(name="unit", command=("true",)),)
)
VAULT = RepositorySpec(name="vault", path=Path("vault"), agents=("first",))


def fields(*repositories: RepositorySpec) -> dict[str, dict[str, Any]]:
    """The form's inputs by their labels, as Discord gets them."""
    catalog = Catalog(repositories=repositories, agents=AGENTS)
    form = task_form(custom_id="v1", channel="tasks", catalog=catalog, repository=repositories[0])
    return {item["label"]: item for item in form.to_dict()["components"]}


def choices(form: dict[str, dict[str, Any]]) -> list[str]:
    return [option["value"] for option in form["Agent and mode"]["component"]["options"]]


def test_every_agent_of_an_offered_repository_is_offered_the_presets_first() -> None:
    modes = ("standard", "full", "fast")
    both = [f"{agent}|{mode}" for agent in ("second", "first") for mode in modes]
    assert choices(fields(SHOP, VAULT)) == [*both, "second|ask"]
    assert choices(fields(SHOP)) == [*(f"second|{mode}" for mode in modes), "second|ask"]


def test_checks_are_named_only_where_there_is_nothing_to_choose() -> None:
    assert fields(SHOP)["Acceptance criteria (optional)"]["description"] == "Always run here: unit."
    several = fields(SHOP, VAULT)["Acceptance criteria (optional)"]
    assert several["description"] == "The repository's own checks always run."
