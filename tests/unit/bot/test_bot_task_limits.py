"""What a task may hold is said once: commands, forms, drafts, events and documents take as much as `TaskRequest` does.

`TAKES` is read from the model's schema and not from its constants, so a surface with a number of its own differs.
"""

from pathlib import Path
from typing import Any, cast, get_args

import pytest
from discord import app_commands
from pydantic import ValidationError

from ompycord.bot.commands.new import ModeName, new_feature
from ompycord.bot.commands.raise_limit import dollars
from ompycord.bot.context import BotContext
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.drafts import AttachedFile, DraftBody
from ompycord.bot.interactions.task_form import MODES, task_form
from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.domain.task import LARGEST_FILE_MIB, LEAST_BUDGET_USD, Mode, Task, TaskRequest
from ompycord.errors import RefusedInWords
from ompycord.render.sanitizer import Sanitizer
from ompycord.text.limits import CHOICE, COMMAND_TEXT, MODAL_INPUT_VALUE
from ompycord.webhook.schemas import published

DOCS = Path(__file__).parents[3] / "docs"


def constraints(properties: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What each field may hold, without what it is called and whether it may be left out."""
    kept = ("minLength", "maxLength", "pattern", "exclusiveMinimum", "maximum", "maxItems")
    inner = {name: next(iter(field.get("anyOf", [field]))) for name, field in properties.items()}
    return {name: {key: field[key] for key in kept if key in field} for name, field in inner.items()}


TAKES = constraints(TaskRequest.model_json_schema()["properties"])


def options() -> dict[str, app_commands.Parameter]:
    """The options of `/omp new`, by the fields of a request."""
    command, ask = new_feature(cast("BotContext", None)).commands
    assert ask.name == "ask"
    assert isinstance(command, app_commands.Command)
    found = {one.name: one for one in command.parameters}
    return {"budget_usd" if name == "budget" else name: one for name, one in found.items()}


def form() -> dict[str, dict[str, Any]]:
    """The inputs of the form, by their ids."""
    catalog = Catalog(
        repositories=(RepositorySpec(name="shop", path=Path("shop")),),
        agents=(AgentSpec(name="omp", kind="command", command=("x",)),),
    )
    made = task_form(custom_id="v1", channel="tasks", catalog=catalog, repository=None)
    return {item["component"]["custom_id"]: item["component"] for item in made.to_dict()["components"]}


def test_the_model_limits_every_text_and_number_that_people_give() -> None:
    assert {name for name, takes in TAKES.items() if takes} == TaskRequest.model_fields.keys() - {
        "repositories",
        "mode",
        "follows",
        "issue",
        "record",
        "refine",
    } | {"repository"}
    assert TAKES["branch"].keys() == {"maxLength"}  # which signs it may have is told by git, not by a pattern
    assert TAKES["budget_usd"].keys() == {"exclusiveMinimum", "maximum"}


def test_the_command_takes_what_a_task_takes() -> None:
    taken = options()
    assert taken.keys() - {"file"} == TAKES.keys() - {"done_when", "files", "follows"}
    lengths = {
        name: option.max_value
        for name, option in taken.items()
        if name not in {"mode", "file", "budget_usd", "issue", "record", "refine"}
    }
    assert lengths == {
        "prompt": min(TAKES["prompt"]["maxLength"], COMMAND_TEXT),
        "repository": min(TAKES["repository"]["maxLength"], CHOICE),
        "agent": min(TAKES["agent"]["maxLength"], CHOICE),
        "branch": TAKES["branch"]["maxLength"],
        "model": min(TAKES["model"]["maxLength"], CHOICE),
    }
    budget = taken["budget_usd"]
    assert (budget.min_value, budget.max_value) == (LEAST_BUDGET_USD, TAKES["budget_usd"]["maximum"])
    assert TAKES["budget_usd"]["exclusiveMinimum"] < LEAST_BUDGET_USD
    assert f"up to {TAKES['prompt']['maxLength']:,} characters" in str(taken["file"].description)


def test_only_modes_of_a_task_are_offered() -> None:
    assert {*get_args(ModeName), Mode.ASK} == set(MODES) == set(Mode)
    assert [choice.value for choice in options()["mode"].choices] == list(get_args(ModeName))


def test_the_form_takes_what_a_task_takes() -> None:
    inputs = form()
    assert inputs["prompt"]["max_length"] == min(TAKES["prompt"]["maxLength"], MODAL_INPUT_VALUE)
    assert inputs["done"]["max_length"] == TAKES["done_when"]["maxLength"]
    assert inputs["files"]["max_values"] <= TAKES["files"]["maxItems"]


def test_a_draft_keeps_as_many_files_as_a_task_has() -> None:
    most = TAKES["files"]["maxItems"]
    file = AttachedFile(name="a.txt", url="https://cdn/1", size=1)
    assert len(DraftBody(typed={}, files=(file,) * most, shown_in="1").files) == most
    with pytest.raises(ValidationError):
        DraftBody(typed={}, files=(file,) * (most + 1), shown_in="1")


def test_a_raised_limit_is_a_budget() -> None:
    most = TAKES["budget_usd"]["maximum"]
    assert dollars(f"{most}") == most
    with pytest.raises(RefusedInWords, match=rf"between \${LEAST_BUDGET_USD} and \${most:,}\. "):
        dollars(f"{most}.01")
    raised = constraints(ev.BudgetRaised.model_json_schema()["properties"])
    assert raised["usd"] == TAKES["budget_usd"]


def test_a_stored_task_and_the_published_one_take_what_its_request_takes() -> None:
    stored = Task.model_json_schema()["properties"]
    published_one = published()["event"]["$defs"]["Task"]["properties"]
    for properties in (stored, published_one):
        assert constraints({name: properties[name] for name in TAKES}) == TAKES


def test_what_people_read_names_the_same_limits() -> None:
    prompt, files, done = (TAKES[name] for name in ("prompt", "files", "done_when"))
    longest = prompt["maxLength"]
    assert f"{longest:,} is the limit" in reply_texts.file_too_large_together(longest + 1)
    large = reply_texts.file_too_big("a.bin", Sanitizer(lambda text: text))
    assert large == f"Left out: a.bin is larger than {LARGEST_FILE_MIB} MiB."
    inputs = form()
    limits = (DOCS / "contracts" / "files-and-names.md").read_text(encoding="utf-8")
    assert f"| prompt with attached text | {longest:,} characters |" in limits
    assert f"| prompt typed into the form | {inputs['prompt']['max_length']:,} characters |" in limits
    assert f"| files of a task | {files['maxItems']}; the form takes {inputs['files']['max_values']} |" in limits
    written = " ".join((DOCS / "contracts" / "commands-and-buttons.md").read_text(encoding="utf-8").split())
    assert f"the task (up to {inputs['prompt']['max_length']:,} characters)" in written
    assert f"*Acceptance criteria* (up to {done['maxLength']}, " in written
    assert f"files (up to {inputs['files']['max_values']})" in written
    how_to = (DOCS / "how-to" / "start-a-run.md").read_text(encoding="utf-8")
    assert f"up to {longest:,} characters; anything else up to {LARGEST_FILE_MIB} MiB" in how_to
