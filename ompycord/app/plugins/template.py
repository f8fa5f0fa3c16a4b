"""A project that adds something to Ompycord, by kind, written once for its author to change."""

import re
from pathlib import Path
from typing import Final, Literal

from ompycord import __version__
from ompycord.app.plugins.forge_template import FORGE
from ompycord.app.plugins.memory_template import MEMORY
from ompycord.app.plugins.transcriber_template import TRANSCRIBER
from ompycord.errors import RefusedInWords
from ompycord.files import replace_file

__all__ = ["KINDS", "PluginKind", "project_files", "write_project"]

PluginKind = Literal["agent", "check-parser", "notifier", "forge", "transcriber", "memory"]
KINDS: Final[tuple[PluginKind, ...]] = ("agent", "check-parser", "notifier", "forge", "transcriber", "memory")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")

_PROJECT: Final = """\
[build-system]
requires = ["hatchling>=1.27,<2"]
build-backend = "hatchling.build"

[project]
name = "ompycord-@dashed@"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["ompycord>=@version@"]

[project.entry-points."@group@"]
@name@ = "ompycord_@name@:@record@"
"""
_README: Final = """\
# ompycord-@dashed@

Adds the @what@ `@name@` to Ompycord. Its code runs in the bot's process.

1. Install it beside Ompycord: `pip install .`
2. `ompycord plugin list` shows it.
3. @tried@ Change `ompycord_@name@.py`, and try again after each change.
4. Use it in `ompycord.yml`:

```yaml
@usage@
```
"""
_PARSER: Final = '''\
"""The check parser `@name@`: it reads lines that begin with `ok` and `not ok`. Change `count` and `_claims`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ompycord.checks.counts import Counts
from ompycord.checks.parser import CheckOutput, CheckParser, ParserOptions

__all__ = ["PARSER", "@class@Options", "@class@Parser"]


class @class@Options(ParserOptions):
    """Options of a check: `parser: {kind: @name@, strict: true}`."""

    kind: Literal["@name@"] = "@name@"
    strict: bool = False
    """Whether a skipped test counts as failed."""


class @class@Parser:
    """Made with its options, for one run of one check."""

    def __init__(self, options: @class@Options) -> None:
        self._strict = options.strict

    def arrange(self, command: tuple[str, ...], report: Path) -> tuple[tuple[str, ...], dict[str, str]]:
        """The command and the variables with which it writes what `count` reads; `report` may be written."""
        return command, {}

    def count(self, output: CheckOutput) -> Counts | None:
        """The counts; None where there is nothing to read. The output may be anything: raise nothing."""
        counts = Counts()
        for line in output.lines:
            if "# skip" in line.lower() and not self._strict:
                counts.skipped += 1
            elif line.startswith("ok "):
                counts.passed += 1
            elif line.startswith("not ok "):
                counts.failed += 1
                if len(counts.failing) < 20:
                    counts.failing.append(line.removeprefix("not ok ")[:500])
        return counts if counts.passed or counts.failed or counts.skipped else None


def _claims(command: Sequence[str]) -> bool:
    """Whether a check that names no parser is read by this one."""
    return bool(command) and Path(command[0]).name == "@dashed@"


PARSER = CheckParser(options=@class@Options, parser=@class@Parser, claims=_claims)
'''
_AGENT: Final = '''\
"""The kind of agent `@name@`: it takes its task as one JSON line and answers in JSON lines. Change `_Session`."""

import json
from typing import Any, ClassVar, Literal

from ompycord.agents.converse import converse
from ompycord.agents.kind import AgentKind, AgentOptions, RepositoryFiles
from ompycord.agents.level import require_level
from ompycord.dialects.protocol_session import Reaction
from ompycord.domain.events import EventBody, Message
from ompycord.domain.ports import AgentCapabilities, AgentInput, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.processes.launcher_port import Launcher

__all__ = ["AGENT", "@class@Agent", "@class@Options"]


class @class@Options(AgentOptions):
    """Options of an agent of this kind, beside those that every agent has."""

    programs: ClassVar[tuple[RepositoryFiles, ...]] = (
        RepositoryFiles(program="@name@", could="nothing: it reads none", shut_by="nothing needs to"),
    )

    kind: Literal["@name@"] = "@name@"


class _Session:
    """`{"text": ...}` is a message, `{"done": ...}` the end. A line that is no JSON object is passed over."""

    awaits_person = False
    is_starting = False

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt

    def begin(self) -> Reaction:
        return Reaction(send=({"task": self._prompt},))

    def skips(self, line: str) -> bool:
        return not line.startswith("{")

    def on_line(self, line: str, *, now_ms: int) -> Reaction:
        frame: dict[str, Any] = json.loads(line)
        if "text" in frame:
            return Reaction(events=(Message(text=str(frame["text"])),))
        if "done" in frame:
            return Reaction(outcome=AgentOutcome(claim=True, message=str(frame["done"])))
        return Reaction()

    def on_input(self, received: AgentInput) -> Reaction:
        return Reaction()

    def cut(self) -> tuple[EventBody, ...]:
        return ()

    def interrupt(self) -> Reaction:
        return Reaction()


class @class@Agent:
    """Starts `command` of the settings, confined."""

    capabilities = AgentCapabilities()

    def __init__(self, *, launcher: Launcher) -> None:
        self._launcher = launcher

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        require_level(self._launcher, job.spec)
        return await converse(self._launcher, job, job.spec.command, _Session(job.prompt), emit, inbox)


AGENT = AgentKind(options=@class@Options, adapter=@class@Agent)
'''
_NOTIFIER: Final = '''\
"""The notifier `@name@`: it adds each notice to a file, a line of JSON each. Change `_send`."""

import asyncio
import json
from pathlib import Path

from ompycord.notify.attempt import Attempt
from ompycord.notify.kind import Notice, NotifierKind, NotifierOptions

__all__ = ["NOTIFIER", "@class@Notifier", "@class@Options"]


class @class@Options(NotifierOptions):
    """Options of `notify.notifiers.NAME.options`. Name a secret by its file, never write it here."""

    file: Path


class @class@Notifier:
    """Made once with its options; it lives as long as Ompycord runs."""

    def __init__(self, options: @class@Options) -> None:
        self._file = options.file

    async def notify(self, notice: Notice) -> Attempt:
        """Try once. A failure is an answer; it is tried again. Its words go into logs: no address, no secret."""
        try:
            await asyncio.to_thread(self._send, notice)
        except OSError as error:
            return Attempt(f"its file cannot be written ({error.strerror})")
        return Attempt()

    async def close(self) -> None:
        """Close connections; this one has none."""

    def _send(self, notice: Notice) -> None:
        """In a thread, which nobody can end: give what waits for something a timeout of its own."""
        line = json.dumps({"id": notice.id, "topic": notice.topic, "text": notice.text})
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{line}\\n")


NOTIFIER = NotifierKind(
    name="@name@", options=@class@Options, notifier=@class@Notifier, example={"file": "{folder}/notices"}
)
'''
_MODULES: Final[dict[PluginKind, str]] = {
    "agent": _AGENT,
    "check-parser": _PARSER,
    "notifier": _NOTIFIER,
    "forge": FORGE,
    "transcriber": TRANSCRIBER,
    "memory": MEMORY,
}
_OF_KIND: Final[dict[PluginKind, dict[str, str]]] = {
    "agent": {
        "@group@": "ompycord.agents",
        "@record@": "AGENT",
        "@what@": "kind of agent",
        "@tried@": "`ompycord conformance my-@dashed@` tries the agent of step 4 against every rule.",
        "@usage@": "agents:\n  my-@dashed@:\n    kind: @name@\n    command: [my-program]",
    },
    "check-parser": {
        "@group@": "ompycord.check_parsers",
        "@record@": "PARSER",
        "@what@": "check parser",
        "@tried@": "`ompycord plugin check @name@` tries it against every rule.",
        "@usage@": (
            "repositories:\n  shop:\n    path: /srv/git/shop\n    checks:\n"
            "      - {name: unit, command: [make, test], parser: @name@}"
        ),
    },
    "notifier": {
        "@group@": "ompycord.notifiers",
        "@record@": "NOTIFIER",
        "@what@": "notifier",
        "@tried@": "`ompycord plugin check @name@` tries it against every rule.",
        "@usage@": (
            "notify:\n  notifiers:\n    - name: my-@dashed@\n      kind: @name@\n      topics: [run, alert]\n"
            "      options: {file: /var/log/ompycord-notices}"
        ),
    },
    "forge": {
        "@group@": "ompycord.forges",
        "@record@": "FORGE",
        "@what@": "kind of forge",
        "@tried@": "`ompycord plugin check @name@` tries it against every rule.",
        "@usage@": (
            "repositories:\n  shop:\n    path: /srv/git/shop\n    forge:\n      kind: @name@\n"
            "      repository: acme/shop\n      token_file: secrets/@name@\n      file: /srv/forge.json"
        ),
    },
    "transcriber": {
        "@group@": "ompycord.transcribers",
        "@record@": "TRANSCRIBER",
        "@what@": "transcriber",
        "@tried@": "`ompycord plugin check @name@` tries it against every rule.",
        "@usage@": "voice:\n  kind: @name@\n  options: {command: [my-speech-program, --stdin]}",
    },
    "memory": {
        "@group@": "ompycord.memory",
        "@record@": "MEMORY",
        "@what@": "memory",
        "@tried@": "`ompycord plugin check @name@` tries it against every rule.",
        "@usage@": "memory:\n  backend: {kind: @name@, file: /var/lib/@dashed@.json}",
    },
}


def project_files(kind: PluginKind, name: str) -> dict[str, str]:
    """The files of a project by their names. Raises RefusedInWords for a name that cannot be one."""
    if _NAME.fullmatch(name) is None:
        raise RefusedInWords(f"{name[:64]!r} cannot be a plug-in's name: small letters, digits and _, 31 at most.")
    words = {
        "@name@": name,
        "@dashed@": name.replace("_", "-"),
        "@class@": "".join(part.capitalize() for part in name.split("_")),
        "@version@": __version__,
        **_OF_KIND[kind],
    }
    files = {"pyproject.toml": _PROJECT, "README.md": _README, f"ompycord_{name}.py": _MODULES[kind]}
    return {file: _filled(text, words) for file, text in files.items()}


def write_project(kind: PluginKind, name: str, folder: Path) -> list[Path]:
    """Write them into a folder that is new or empty; their paths. Raises RefusedInWords, OSError."""
    files = project_files(kind, name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RefusedInWords(f"{folder} is there already and not empty: name another folder by --folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        replace_file(folder / file, text, mode=0o644)
    return [folder / file for file in files]


def _filled(text: str, words: dict[str, str]) -> str:
    for _ in range(2):  # a word may hold others
        for word, value in words.items():
            text = text.replace(word, value)
    return text
