"""Checks a configured agent against the contract of `agents/conformance.py`, in a folder of its own.

Counterpart of `cli/conformance.py`.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ompycord.agents.conformance import Trial, judge, rules_for
from ompycord.agents.registry import adapters
from ompycord.app.system import SystemIds
from ompycord.app.wiring.work import git_of
from ompycord.domain.base import Frozen
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentJob
from ompycord.domain.repository import AgentSpec
from ompycord.domain.task import Task
from ompycord.errors import ConfigurationError, RefusedInWords
from ompycord.settings import Settings
from ompycord.workspaces.confinement.probe import best_launcher

__all__ = ["LONG", "QUICK", "Prompts", "RuleVerdict", "try_agent"]

QUICK = "Answer with the one word: done. Use no tools and change no file."
LONG = (
    "Count from one to five thousand in words, one number a line. Use no tools and change no file. "
    "Do not stop before you are through, and do not ask."
)


class Prompts(Frozen):
    """The prompts of the agent: a task that it ends by itself, and one that takes it minutes."""

    quick: str = QUICK
    long: str = LONG


class RuleVerdict(Frozen):
    """The result of one rule."""

    rule: str
    """Its name, which is its sentence."""
    kept: bool
    why: str = ""
    """What was violated, in a few words."""


async def try_agent(
    settings: Settings,
    name: str,
    *,
    environ: Mapping[str, str],
    prompts: Prompts,
    wait_s: float,
    begin: Callable[[int, int, str], None],
    report: Callable[[RuleVerdict], None],
) -> tuple[list[RuleVerdict], str]:
    """Every rule's verdict, reported one by one, and the level of confinement.

    `begin` hears before each rule its number, how many there are, and its name: a rule may take minutes.
    Raises ConfigurationError for an unknown name, Refused for the built-in agent.
    """
    spec = next((agent for agent in settings.catalog.agents if agent.name == name), None)
    if spec is None:
        known = ", ".join(agent.name for agent in settings.catalog.agents) or "none is configured"
        raise ConfigurationError(f"agents: there is none named {name[:64]!r}. Known: {known}.")
    if spec.asks_models:
        raise RefusedInWords(
            f"{spec.name} is built in: a running Ompycord asks models for it, and there is no program to be tried. "
            f'Ask it something instead: ompycord ask "Answer with the one word: done." --agent {spec.name}'
        )
    path = environ.get("PATH", os.defpath)
    launcher = await best_launcher(path=path, hidden=(settings.data_dir,), environ=environ)
    adapter = adapters(launcher=launcher, kinds=[spec.kind])[spec.kind]
    verdicts: list[RuleVerdict] = []
    with tempfile.TemporaryDirectory(prefix="ompycord-conformance-", ignore_cleanup_errors=True) as folder:
        clone = Path(folder) / "run" / "clone"
        clone.mkdir(parents=True)
        await git_of(environ).run("init", "--quiet", cwd=clone)
        trial = Trial(
            adapter=adapter,
            quick=lambda: _job(spec, prompts.quick, clone),
            long=lambda: _job(spec, prompts.long, clone),
            wait_s=wait_s,
        )
        rules = rules_for(adapter)
        for number, rule in enumerate(rules, start=1):
            name_of_rule = rule.__name__.replace("_", " ")
            begin(number, len(rules), name_of_rule)
            broken = await judge(rule, trial)
            verdict = RuleVerdict(rule=name_of_rule, kept=broken is None, why=broken or "")
            verdicts.append(verdict)
            report(verdict)
    return verdicts, launcher.level


def _job(spec: AgentSpec, prompt: str, clone: Path) -> AgentJob:
    """A job of a run of its own, so that processes it leaves can be found."""
    ids = SystemIds()
    task = Task(id=ids.ulid(), prompt=prompt, title="Conformance", repositories=("none",), agent=spec.name)
    return AgentJob(run=RunId(ids.ulid()), iteration=1, task=task, spec=spec, cwd=clone, prompt=prompt, env={})
