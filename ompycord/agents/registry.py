"""The adapters by the `kind` that configuration names (`domain/repository.AgentSpec`); its reader is `app.py`."""

from collections.abc import Mapping

from ompycord.agents.acp import AcpAgent
from ompycord.agents.command import CommandAgent
from ompycord.agents.omp_rpc import OmpRpcAgent
from ompycord.agents.rehearsal import RehearsalAgent
from ompycord.agents.stream_json import StreamJsonAgent
from ompycord.domain.ports import AgentAdapter
from ompycord.processes.launcher_port import Launcher

__all__ = ["adapters"]


def adapters(*, launcher: Launcher) -> Mapping[str, AgentAdapter]:
    """One adapter for every kind; they start everything through `launcher`."""
    return {
        "acp": AcpAgent(launcher=launcher),
        "command": CommandAgent(launcher=launcher),
        "omp_rpc": OmpRpcAgent(launcher=launcher),
        "rehearsal": RehearsalAgent(launcher=launcher),
        "stream_json": StreamJsonAgent(launcher=launcher),
    }
