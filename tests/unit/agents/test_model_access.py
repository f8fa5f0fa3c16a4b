"""How each agent is pointed at the model gateway: by an address and a token, and by no file that holds the token."""

import json
import tomllib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from ompycord.agents.model_access import model_argument, model_variables, write_model_settings
from ompycord.agents.repository_settings import environment_of
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import AgentJob
from ompycord.domain.task import Task
from tests.support.agent_options import agent_options

URL, TOKEN = "http://127.0.0.1:8790", "ompr_token_of_the_step"
RUN = RunId(new_ulid(now_ms=0, entropy=bytes(10)))


class Listener:
    """One that serves nothing."""

    def __init__(self, *, has_models: bool = True, dialect: str = "chat") -> None:
        self.models = None
        self.port = 8790
        self.has_models = has_models
        self.dialects: Mapping[str, str] = {"m-1": dialect, "m-2": dialect}
        self.environment: Mapping[str, str] = {"OMPYCORD_URL": URL, "OMPYCORD_RUN_TOKEN": TOKEN}

    def watch_waits(self, waiting: Callable[[bool], None]) -> None:
        raise AssertionError("nothing waits here")

    def adopted(self, listening: socket) -> AbstractAsyncContextManager[None]:
        raise AssertionError("no program is started here")


def job_of(
    folder: Path, spec: dict[str, Any], *, listener: Listener | None = None, model: str | None = None
) -> AgentJob:
    clone = folder / "run/clone"
    clone.mkdir(parents=True, exist_ok=True)
    task = Task(id=RUN, prompt="x", title="t", repositories=("shop",), agent="a", model=model)
    options = agent_options({"name": "a", "models": ("m-1", "m-2"), **spec})
    found = listener or Listener()
    return AgentJob(
        run=RUN, iteration=1, task=task, spec=options, cwd=clone, prompt="x", env=dict(found.environment),
        listener=found,
    )  # fmt: skip


def files_of(job: AgentJob) -> dict[str, str]:
    write_model_settings(job)
    home = job.cwd.parent / "home"
    return {str(one.relative_to(home)): one.read_text() for one in home.rglob("*") if one.is_file()}


def acp(*command: str) -> dict[str, Any]:
    return {"kind": "acp", "command": command}


def test_claude_code_gets_an_address_without_a_version_and_its_switches(tmp_path: Path) -> None:
    for spec in ({"kind": "stream_json"}, acp("claude-agent-acp")):
        found = model_variables(job_of(tmp_path, spec))
        assert (found["ANTHROPIC_BASE_URL"], found["ANTHROPIC_AUTH_TOKEN"]) == (URL, TOKEN)
        assert found["CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK"] == "1"
        assert (found["ANTHROPIC_MODEL"], found["ANTHROPIC_SMALL_FAST_MODEL"]) == ("m-1", "m-2")


def test_codex_gets_a_provider_of_responses_without_a_websocket(tmp_path: Path) -> None:
    settings = tomllib.loads(files_of(job_of(tmp_path, acp("codex-acp")))[".codex/config.toml"])
    provider = settings["model_providers"][settings["model_provider"]]
    assert (settings["model"], provider["base_url"], provider["wire_api"]) == ("m-1", f"{URL}/v1", "responses")
    assert (provider["env_key"], provider["supports_websockets"]) == ("OMPYCORD_RUN_TOKEN", False)


def test_gemini_cli_gets_an_address_and_a_way_to_authenticate(tmp_path: Path) -> None:
    job = job_of(tmp_path, acp("gemini", "--acp"))
    settings = json.loads(files_of(job)[".gemini/settings.json"])
    assert settings["security"]["auth"]["selectedType"] == "gemini-api-key"
    found = environment_of(job)
    assert (found["GOOGLE_GEMINI_BASE_URL"], found["GEMINI_API_KEY"], found["GEMINI_MODEL"]) == (URL, TOKEN, "m-1")


@pytest.mark.parametrize(
    ("dialect", "package"),
    [("chat", "@ai-sdk/openai-compatible"), ("anthropic", "@ai-sdk/anthropic"), ("responses", "@ai-sdk/openai")],
)
def test_opencode_gets_the_package_of_the_models_dialect(tmp_path: Path, dialect: str, package: str) -> None:
    job = job_of(tmp_path, acp("opencode", "acp"), listener=Listener(dialect=dialect))
    settings = json.loads(files_of(job)[".config/opencode/opencode.json"])
    assert (settings["model"], settings["small_model"]) == ("ompycord/m-1", "ompycord/m-2")
    provider = settings["provider"]["ompycord"]
    assert (provider["npm"], provider["options"]) == (
        package, {"baseURL": f"{URL}/v1", "apiKey": "{env:OMPYCORD_RUN_TOKEN}"},
    )  # fmt: skip
    assert model_argument(job) == "ompycord/m-1"


@pytest.mark.parametrize(("dialect", "file"), [("omp", ".omp/agent/models.yml"), ("pi", ".pi/agent/models.json")])
def test_oh_my_pi_and_pi_get_a_provider_with_the_name_of_a_variable(tmp_path: Path, dialect: str, file: str) -> None:
    job = job_of(tmp_path, {"kind": "omp_rpc", "dialect": dialect})
    provider = json.loads(files_of(job)[file])["providers"]["ompycord"]
    assert (provider["baseUrl"], provider["apiKey"], provider["api"]) == (
        f"{URL}/v1", "OMPYCORD_RUN_TOKEN", "openai-completions",
    )  # fmt: skip
    assert [one["id"] for one in provider["models"]] == ["m-1", "m-2"]
    assert model_argument(job) == "ompycord/m-1"


def test_a_program_that_no_line_names_gets_the_variables_that_most_read(tmp_path: Path) -> None:
    found = model_variables(job_of(tmp_path, {"kind": "command", "command": ("my-agent",)}))
    assert (found["OPENAI_BASE_URL"], found["OPENAI_API_KEY"]) == (f"{URL}/v1", TOKEN)
    assert (found["ANTHROPIC_BASE_URL"], found["GEMINI_API_KEY"]) == (URL, TOKEN)


ALL = {
    "claude": {"kind": "stream_json"}, "codex": acp("codex-acp"), "gemini": acp("gemini"), "qwen": acp("qwen"),
    "opencode": acp("opencode"), "omp": {"kind": "omp_rpc"}, "pi": {"kind": "omp_rpc", "dialect": "pi"},
    "copilot": acp("copilot"), "another": acp("another"),
}  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_the_token_stands_in_no_file_and_every_variable_can_be_set(tmp_path: Path, name: str) -> None:
    job = job_of(tmp_path, ALL[name])
    assert all(TOKEN not in text for text in files_of(job).values())
    assert all(isinstance(value, str) and value and "\0" not in value for value in model_variables(job).values())


@pytest.mark.parametrize("name", ALL)
def test_an_agent_that_holds_a_key_or_has_no_gateway_is_left_as_it_is(tmp_path: Path, name: str) -> None:
    granted = job_of(tmp_path, {**ALL[name], "grants": {"variables": ("SOME_API_KEY",)}})
    without = job_of(tmp_path, ALL[name], listener=Listener(has_models=False))
    for job in (granted, without):
        assert (model_variables(job), files_of(job), model_argument(job)) == ({}, {}, None)


def test_the_model_of_the_task_comes_first(tmp_path: Path) -> None:
    assert model_variables(job_of(tmp_path, ALL["claude"], model="m-2"))["ANTHROPIC_MODEL"] == "m-2"
    assert model_argument(job_of(tmp_path, ALL["omp"], model="m-2")) == "ompycord/m-2"
    assert model_argument(job_of(tmp_path, ALL["codex"], model="m-2")) == "m-2"


def test_a_granted_file_of_the_users_own_stays_as_it_is(tmp_path: Path) -> None:
    job = job_of(tmp_path, ALL["omp"])
    own = tmp_path / "own.yml"
    own.write_text("mine")
    place = job.cwd.parent / "home/.omp/agent/models.yml"
    place.parent.mkdir(parents=True)
    place.symlink_to(own)
    write_model_settings(job)
    assert own.read_text() == "mine"
