"""A repository's own file names commands and narrows; what would widen is told with file, key and what to do."""

from textwrap import dedent
from typing import Any, get_args

import pytest

from ompycord.domain.catalog import Catalog, Limits
from ompycord.domain.configuration.repository_file import Configured, FileFault, agent_faults, covers
from ompycord.domain.repository import AgentSpec, CheckSpec, Grants, ModeName, RepositorySpec, Sandbox
from ompycord.domain.task import Mode
from ompycord.settings.repository_file import configure_by

HEAD = "schema: ompycord/repository@1\n"
UNIT = CheckSpec(name="unit", command=("pytest",))
SHOP = RepositorySpec.model_validate(
    {
        "name": "shop",
        "path": "/srv/shop",
        "checks": (UNIT,),
        "agents": ["claude", "codex"],
        "modes": ["fast", "standard"],
        "setup_hosts": ["pypi.org", "*.npmjs.org"],
        "secrets": {"NPM_TOKEN": ["setup"], "DB_URL": ["checks", "agent"]},
        "attached_secrets": [
            {"secret": "REG_TOKEN", "host": "reg.example.org", "to": ["setup", "agent"]},
            {"secret": "FAR_TOKEN", "host": "far.example.com", "to": ["agent"]},
        ],
        "protected": ["deploy/**"],
    }
)
CLAUDE = AgentSpec(
    name="claude",
    kind="command",
    wall_s=600,
    sandbox=Sandbox(network="gateway", hosts=("pypi.org", "*.example.org")),
    grants=Grants(variables=("LANG_OF_OURS",)),
)
CATALOG = Catalog(
    repositories=(SHOP,),
    agents=(CLAUDE, AgentSpec(name="codex", kind="command"), AgentSpec(name="omp", kind="command")),
    limits=Limits(max_iterations=4),
)


def configured(text: str) -> tuple[Configured, tuple[FileFault, ...]]:
    return configure_by(CATALOG)(SHOP, (HEAD + dedent(text)).encode())


def fault(text: str) -> FileFault:
    """The only one."""
    (found,) = configured(text)[1]
    assert found.text
    assert found.fix
    return found


def test_without_a_file_the_operators_values_hold() -> None:
    found, faults = configure_by(CATALOG)(SHOP, None)
    assert (found, faults) == (Configured(repository=SHOP), ())


def test_a_file_that_says_nothing_changes_nothing() -> None:
    found, faults = configured("")
    assert faults == ()
    assert found.repository == SHOP
    assert found.agent(CLAUDE).sandbox == CLAUDE.sandbox


def test_its_checks_and_steps_come_after_the_operators_and_have_no_network() -> None:
    found, faults = configured("""
        checks: [{name: lint, command: [ruff, check], timeout_s: 30, parser: exit}]
        setup: [{name: packages, command: [npm, ci], files: [package-lock.json], hosts: [registry.npmjs.org]}]
    """)
    assert faults == ()
    assert [(check.name, check.network) for check in found.repository.checks] == [("unit", "gateway"), ("lint", False)]
    assert [step.name for step in found.repository.setup] == ["packages"]
    assert found.names_commands


def test_it_narrows_agents_modes_rounds_hosts_limits_secrets_and_protects_more() -> None:
    found, faults = configured("""
        agents: [claude]
        modes: [fast]
        max_iterations: 2
        hosts: [api.example.org]
        limits: {wall_s: 60, max_memory_mib: 512}
        secrets: {agent: []}
        protected: [migrations/**]
    """)
    agent = found.agent(CLAUDE)
    assert faults == ()
    assert agent_faults(found, CLAUDE) == []
    assert (found.repository.agents, found.repository.modes, found.max_iterations) == (("claude",), ("fast",), 2)
    assert (agent.sandbox.network, agent.sandbox.hosts) == ("gateway", ("api.example.org",))
    assert (agent.wall_s, agent.idle_s, agent.sandbox.max_memory_mib) == (60, 900, 512)
    assert agent.grants.variables == ("LANG_OF_OURS",)
    assert (found.secrets_of("checks"), found.secrets_of("setup")) == (("DB_URL",), ("NPM_TOKEN",))
    assert [one.secret for one in found.attached_to("setup")] == ["REG_TOKEN"]
    assert found.attached_to("agent") == ()
    assert found.repository.protected == ("deploy/**", "migrations/**")


def test_secrets_go_to_those_who_are_named_alone() -> None:
    found, _ = configured("")
    assert found.agent(CLAUDE).grants.variables == ("LANG_OF_OURS", "DB_URL")
    assert found.secrets_of("setup") == ("NPM_TOKEN",)


def test_requests_of_an_agent_get_secrets_for_hosts_that_it_reaches_by_the_proxy_alone() -> None:
    found, faults = configured("secrets: {agent: [REG_TOKEN, FAR_TOKEN, DB_URL]}")
    assert faults == ()
    assert [one.secret for one in found.attached_for(CLAUDE)] == ["REG_TOKEN"]
    assert found.attached_for(CLAUDE.model_copy(update={"sandbox": Sandbox(network=True)})) == ()
    assert found.agent(CLAUDE).grants.variables == ("LANG_OF_OURS", "DB_URL")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("checks: [{name: unit, command: ['true']}]", "checks.unit"),
        ("checks: [{name: a, command: [x]}, {name: a, command: [y]}]", "checks.a"),
        ("checks: [{name: a, command: [x], network: true}]", "checks.a.network"),
        ("checks: [{name: a, command: [x], hosts: [pypi.org]}]", "checks.a.network"),
        ("checks: [{name: a, command: [x], max_memory_mib: 999999}]", "checks.a.max_memory_mib"),
        ("setup: [{name: a, command: [x], hosts: [evil.example.org]}]", "setup.a.hosts"),
        ("setup: [{name: a, command: [x], hosts: ['pypi.org:8443']}]", "setup.a.hosts"),
        ("setup: [{name: a, command: [x], max_processes: 9999}]", "setup.a.max_processes"),
        ("agents: [omp]", "agents"),
        ("modes: [full]", "modes"),
        ("max_iterations: 5", "max_iterations"),
        ("secrets: {agent: [NPM_TOKEN]}", "secrets.agent"),
        ("secrets: {setup: [HOME]}", "secrets.setup"),
    ],
)
def test_what_would_widen_is_named_by_its_key(text: str, key: str) -> None:
    assert fault(text).key == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("hosts: [elsewhere.example.net]", "hosts"),
        ("limits: {wall_s: 601}", "limits.wall_s"),
        ("limits: {max_disk_mib: 99999}", "limits.max_disk_mib"),
    ],
)
def test_what_would_widen_what_the_agent_may_is_named(text: str, key: str) -> None:
    found, faults = configured(text)
    assert faults == ()
    assert [one.key for one in agent_faults(found, CLAUDE)] == [key]


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("check: []", "check", "no such key"),
        ("checks: [{name: a, command: [x], parser: nope}]", "checks.a.parser.kind", "not valid"),
        ("checks: [{name: a, command: x}]", "checks.a.command", "not valid"),
        ("checks: [{name: a, command: [x], secrets: [K]}]", "checks.a.secrets", "no such key"),
        ("max_iterations: many", "max_iterations", "not valid"),
        ("setup: [{name: a, command: [x], keeps: [../out]}]", "setup.a.keeps.0", "not valid"),
        ("setup: [{name: a, command: [x], files: [.git/config]}]", "setup.a.files.0", "not valid"),
        ("containers: {db: postgres}", "containers", "no such key"),
        ("branch_prefix: x/", "branch_prefix", "no such key"),
    ],
)
def test_a_mistake_is_named_by_its_key_with_what_to_do(text: str, key: str, words: str) -> None:
    found = fault(text)
    assert found.key == key
    assert words in found.text


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"checks: []", "it is missing"),
        (b"schema: ompycord/repository@2", "reads another one"),
        (b"- a list", "belong under their names"),
        (b"schema: [", "not YAML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"schema: ompycord/repository@1\nchecks: &a [*a]", ""),
    ],
)
def test_a_file_that_is_none_is_said_to_be_none(raw: bytes, words: str) -> None:
    _, (found,) = configure_by(CATALOG)(SHOP, raw)
    assert words in found.text
    assert found.fix


def test_all_mistakes_are_told_at_once() -> None:
    _, faults = configured("modes: [full]\nagents: [omp]\nmax_iterations: 9\n")
    assert {one.key for one in faults} == {"modes", "agents", "max_iterations"}


def test_no_value_of_the_file_is_told() -> None:
    _, faults = configured("max_iterations: hunter2hunter2\nchecks: [{name: a, command: [x], timeout_s: hunter2}]\n")
    assert "hunter2" not in repr(faults)


def test_an_agent_with_all_of_the_network_is_narrowed_to_the_names() -> None:
    found, _ = configured("hosts: [api.example.org]")
    sandbox = found.agent(AgentSpec(name="codex", kind="command")).sandbox
    assert (sandbox.network, sandbox.hosts) == ("gateway", ("api.example.org",))


@pytest.mark.parametrize(
    ("rule", "wanted", "is_covered"),
    [
        ("pypi.org", "pypi.org", True),
        ("pypi.org", "pypi.org:443", True),
        ("pypi.org", "pypi.org:22", False),
        ("pypi.org:22", "pypi.org:22", True),
        ("pypi.org:22", "pypi.org", False),
        ("*.npmjs.org", "registry.npmjs.org", True),
        ("*.npmjs.org", "*.npmjs.org", True),
        ("*.npmjs.org", "npmjs.org", False),
        ("*.npmjs.org", "evilnpmjs.org", False),
        ("registry.npmjs.org", "*.npmjs.org", False),
        ("*.a.org", "*.b.a.org", True),
    ],
)
def test_a_rule_covers_what_it_names_and_nothing_else(rule: str, wanted: str, is_covered: bool) -> None:
    assert covers(rule, wanted) is is_covered


def test_the_modes_of_settings_are_those_of_tasks() -> None:
    assert set(get_args(ModeName)) >= {mode.value for mode in Mode}


def test_a_run_never_gets_the_bots_own_variables() -> None:
    given: dict[str, Any] = {"name": "shop", "path": "/srv/shop", "secrets": {"DISCORD_TOKEN": ["agent"]}}
    with pytest.raises(ValueError, match="never given"):
        RepositorySpec.model_validate(given)
