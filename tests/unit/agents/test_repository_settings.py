"""What agents are started with so that a repository's files cannot move the key that they were granted."""

import json
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.kind import AgentOptions
from ompycord.agents.omp_rpc import OmpRpcOptions
from ompycord.agents.registry import AGENT_KINDS
from ompycord.agents.repository_settings import (
    REPOSITORY_FILES,
    SWITCHES,
    clone_arguments,
    own_environment,
    start_folder,
)
from ompycord.processes.launcher_port import Layout
from tests.support.agent_options import KINDS, agent_options
from tests.support.extension.goose_agent import GooseOptions

PROGRAMS = [one for kind in AGENT_KINDS.all() for one in kind.options.programs]
TREE, HOME = Path("/run/clone"), Path("/run/home")
TRUST = Path("docs/explanation/trust.md")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


def spec_of(kind: str = "acp", *command: str, **more: Any) -> AgentOptions:
    usual = () if kind == "native" else ("agent",)  # it is built in
    return agent_options({"name": "mine", "kind": kind, "command": command or usual, **more})


def environment(spec: AgentOptions) -> dict[str, str]:
    return own_environment(spec, home=HOME, tree=TREE)


def test_every_kind_says_what_its_programs_take_and_every_program_is_of_a_kind() -> None:
    used = [one for kind in KINDS for one in AGENT_KINDS.get(kind).options.programs]
    assert [kind for kind in KINDS if not AGENT_KINDS.get(kind).options.programs] == []
    assert [one.program for one in REPOSITORY_FILES if one not in used] == []


def test_what_nothing_shuts_stays_open_in_the_table_and_what_does_is_named() -> None:
    """A program with files that do something is either shut, or open, or both; never neither."""
    assert [one.program for one in PROGRAMS if not one.shut_by and not one.open] == []
    assert [one.program for one in PROGRAMS if one.variables and not one.shut_by] == []


def test_people_read_of_every_program_and_of_every_file_that_stays_open() -> None:
    text = (
        TRUST.read_text(encoding="utf-8").partition("## What a repository can tell an agent")[2].partition("\n## ")[0]
    )
    named = [one for one in PROGRAMS if one.files]
    assert [one.program for one in named if one.program not in text] == []
    assert [file for one in named for file in one.open if f"`{file}" not in text] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gets_every_switch(kind: str) -> None:
    assert SWITCHES["CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST"] == "1"
    assert SWITCHES["OPENCODE_DISABLE_PROJECT_CONFIG"] == "1"
    assert SWITCHES.items() <= environment(spec_of(kind)).items()


def test_a_kind_of_another_distribution_gets_the_switches_of_its_programs_besides() -> None:
    made = environment(GooseOptions(name="mine", command=("goose",)))
    assert made["GOOSE_CALM"] == "1"
    assert SWITCHES.items() <= made.items()
    assert "GOOSE_CALM" not in environment(spec_of())


def test_configuration_replaces_a_switch_only_where_it_names_it() -> None:
    named = environment(spec_of(env={"OPENCODE_DISABLE_PROJECT_CONFIG": "0", "MINE": "x"}))
    assert named["OPENCODE_DISABLE_PROJECT_CONFIG"] == "0"
    assert named["MINE"] == "x"
    assert named["CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST"] == "1"


def test_opencode_still_reads_the_texts_for_its_model() -> None:
    content = json.loads(environment(spec_of())["OPENCODE_CONFIG_CONTENT"])
    assert content == {"instructions": [f"{TREE}/AGENTS.md", f"{TREE}/CLAUDE.md"]}


@pytest.mark.parametrize("command", [("gemini", "--acp"), ("npx", "@google/gemini-cli", "--acp"), ("/opt/gemini",)])
def test_gemini_finds_addresses_and_proxies_set_before_a_dotenv_can(command: tuple[str, ...]) -> None:
    made = environment(spec_of("acp", *command))
    assert [made[name] for name in (*PROXIES, "GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL")] == [""] * 8
    assert made["CODE_ASSIST_ENDPOINT"]  # an empty one would be an address


def test_gemini_uses_the_proxy_and_the_address_that_configuration_gives_it() -> None:
    env = {"HTTPS_PROXY": "http://proxy:1", "GOOGLE_GEMINI_BASE_URL": "http://mine:2"}
    made = environment(spec_of("acp", "gemini", env=env, grants={"variables": ["HTTP_PROXY", "CODE_ASSIST_ENDPOINT"]}))
    assert made["https_proxy"] == made["HTTPS_PROXY"] == "http://proxy:1"
    assert made["GOOGLE_GEMINI_BASE_URL"] == "http://mine:2"
    assert {"HTTP_PROXY", "http_proxy", "CODE_ASSIST_ENDPOINT"}.isdisjoint(made)  # the launcher adds what is granted
    assert made["ALL_PROXY"] == ""


def test_other_agents_keep_what_their_programs_make_of_no_proxy() -> None:
    assert set(PROXIES).isdisjoint(environment(spec_of("acp", "codex-acp")))


@pytest.mark.parametrize(
    ("spec", "starts_at"),
    [
        (spec_of("omp_rpc", "omp", "--model", "m"), HOME),
        (OmpRpcOptions(name="mine"), HOME),
        (spec_of("omp_rpc", "/opt/bin/omp"), HOME),
        (spec_of("omp_rpc", "tools/omp"), TREE),
        (spec_of("omp_rpc", "pi", dialect="pi"), TREE),
        (spec_of("acp", "omp", "acp"), HOME),
        (spec_of("acp", "opencode", "acp"), TREE),
        (spec_of("command", "omp"), TREE),
        (spec_of("stream_json", "claude"), TREE),
    ],
    ids=lambda one: " ".join((one.kind, *one.command)) if isinstance(one, AgentOptions) else one.name,
)
def test_oh_my_pi_starts_where_the_repository_has_no_files(spec: AgentOptions, starts_at: Path) -> None:
    assert start_folder(spec, home=HOME, tree=TREE) == starts_at


def test_the_folder_of_settings_of_oh_my_pi_and_pi_is_at_home() -> None:
    for dialect in ("omp", "pi"):
        made = environment(spec_of("omp_rpc", dialect, dialect=dialect))
        assert made["PI_CODING_AGENT_DIR"] == f"{HOME}/.{dialect}/agent"


def test_a_person_at_a_terminal_starts_an_agent_with_the_same_arguments() -> None:
    claude = spec_of("stream_json", "claude").terminal("s-1", TREE)
    home = Layout(TREE).home
    assert claude == ("claude", "--setting-sources", "user", f"--add-dir={home}/.ompycord", "--resume=s-1")
    omp = spec_of("omp_rpc", "omp")
    assert omp.terminal("s-1", TREE) == ("omp", *clone_arguments(omp, TREE), "--resume=s-1")
    assert clone_arguments(omp, TREE) == ("--cwd", str(TREE))
