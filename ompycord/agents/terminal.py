"""How a person goes on in an agent's own session at a terminal; counterpart of the adapters, which speak to it without one."""

from pathlib import Path

from ompycord.agents.repository_settings import CLAUDE_ARGUMENTS, clone_arguments, instructions_folder
from ompycord.domain.repository import AgentSpec

__all__ = ["terminal_command"]


def terminal_command(spec: AgentSpec, session: str | None, *, home: Path, tree: Path) -> tuple[str, ...] | None:
    """The agent's own program for people, in that session and the clone `tree`; None where it has none that we know of."""
    match spec.kind:
        case "omp_rpc":
            program = (*(spec.command or (spec.dialect,)), *clone_arguments(spec, tree))
            if session is None:
                return program
            return (*program, "--session", session) if spec.dialect == "pi" else (*program, f"--resume={session}")
        case "stream_json":
            program = (*(spec.command or ("claude",)), *CLAUDE_ARGUMENTS)
            if session is None:
                return program
            return (*program, f"--add-dir={instructions_folder(home)}", f"--resume={session}")
        case "acp" | "command" | "rehearsal":
            return None
