"""Which steps wait for something, and which run a test; pure, by the tool's name and the command's words.

Waiting is no loop while what is waited for changes. The same test again is none either, for a while: that is how
agents find out whether it is flaky.
"""

import re
from typing import Final

__all__ = ["is_test", "is_waiting"]

_WAITING_TOOLS: Final = re.compile(
    r"(?:^|_|\b)(?:wait|await|sleep|poll|watch|monitor|bash_?output|task_?output|read_thread)(?:$|_|\b|er)",
    re.IGNORECASE,
)
_START: Final = r"(?:^|[;&|(`\n]\s*|\bdo\s+|\bsudo\s+|\btimeout\s+\S+\s+)"
_WAITING: Final = re.compile(
    _START + r"(?:sleep|watch|wait|tail|pgrep|ps|pidof|lsof|jobs|fg|squeue|sacct|qstat|nvidia-smi|top|uptime"
    r"|kubectl\s+(?:get|describe|logs|wait|rollout\s+status|top)"
    r"|(?:docker|podman)\s+(?:ps|logs|inspect|stats|wait|compose\s+(?:ps|logs))"
    r"|gh\s+(?:run|pr|workflow)\s+(?:view|list|watch|checks|status)|glab\s+ci\s+\w+"
    r"|systemctl\s+(?:is-active|status|show)|journalctl|service\s+\S+\s+status"
    r"|(?:curl|wget|nc)\b[^;&|\n]*(?:health|ready|live|status|ping|localhost|127\.0\.0\.1)"
    r"|(?:aws|gcloud|az|terraform|helm|flyctl|heroku)\s[^;&|\n]*\b(?:status|describe\S*|list\S*|logs?|wait|show)"
    r"|pg_isready|redis-cli\s+ping|mysqladmin\s+ping)\b",
    re.IGNORECASE,
)
_RUNNER: Final = (
    r"(?:\S*/)?(?:pytest|py\.test|tox|nox|ctest|rspec|phpunit|jest|vitest|mocha|ava|playwright\s+test|cypress\s+run"
    r"|python[\d.]*\s+(?:-\w+\s+)*-m\s+(?:pytest|unittest|nose2)"
    r"|python[\d.]*\s+\S*(?:test|manage\.py\s+test)\S*"
    r"|go\s+test|cargo\s+(?:nextest|test)|(?:npm|yarn|pnpm|bun)\s+(?:run\s+)?test\S*|npx\s+(?:jest|vitest|mocha|playwright)"
    r"|make\s+\S*(?:test|check)\S*|mvn\s+\S*\s*test|(?:\./)?gradlew?\s+\S*test\S*|dotnet\s+test|mix\s+test|swift\s+test)"
)
_TEST: Final = re.compile(
    rf"{_START}(?:\w+=\S*\s+)*(?:(?:uv|poetry|pdm|hatch)\s+run\s+)?{_RUNNER}(?!\w)", re.IGNORECASE
)


def is_waiting(tool: str, title: str) -> bool:
    """Whether a step waits for something that others do: it sleeps, watches, or asks how far it is."""
    return _WAITING_TOOLS.search(tool) is not None or _WAITING.search(title) is not None


def is_test(title: str) -> bool:
    """Whether a step runs tests."""
    return _TEST.search(title) is not None
