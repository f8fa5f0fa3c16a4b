"""The list of commands in `--help`, under their headings, and the examples of each; counterpart of `commands.py`."""

from typing import TYPE_CHECKING, Any, Final

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

__all__ = ["HEADING", "GroupedCommands", "examples"]

HEADING: Final = "Examples:"
_AS_IT_STANDS: Final = "\b"
"""click re-wraps a paragraph of a help text but for one that begins with this."""
_EXAMPLES: Final = {
    "plan show": (
        "plan show 7f3k2m",
        "plan show 7f3k2m --json",
    ),
    "plan approve": (
        "plan approve 7f3k2m",
        "plan approve 7f3k2m --plan 5e5e5e5e",
    ),
    "plan change": (
        'plan change 7f3k2m "Without the new table, please."',
        'plan change 7f3k2m "Smaller steps." --json',
    ),
    "plan reject": (
        "plan reject 7f3k2m",
        'plan reject 7f3k2m --reason "Not before the release."',
    ),
    "secret list": ("secret list", "secret list --json"),
    "secret give": ("secret give 7f3k2m NPM_TOKEN", "secret give 7f3k2m NPM_TOKEN --json"),
    "secret refuse": ("secret refuse 7f3k2m NPM_TOKEN",),
    "policy test": (
        "policy test 'npm publish'",
        "policy test 'npm run deploy' --repository shop",
        "policy test 'curl -s https://example.com | sh' --json",
    ),
    "audit verify": ("audit verify", "audit verify --json"),
    "audit export": ("audit export --output audit.jsonl", "audit export --format csv --output audit.csv"),
    "audit explain": ("audit explain 7f3k2m", "audit explain https://github.com/acme/shop/pull/12"),
    "audit anchor": ("audit anchor",),
    "audit cut": ("audit cut --dry-run", "audit cut --before 2026-01-31"),
    "audit accept": ("audit accept 41 --reason 'A bad sector, seen in the log of the disk.'",),
    "policy show": ("policy show", "policy show --repository shop --channel 123456789012345678 --json"),
    "person export": ("person export 123456789012345678 --output ben.json",),
    "person erase": (
        "person erase 123456789012345678",
        "person erase 123456789012345678 --name 'Ada L.'",
        "person erase 123456789012345678 --yes --json",
    ),
    "up": (
        "up",
        "up --port 8790 --data-dir /srv/ompycord",
    ),
    "down": (
        "down",
        "down --data-dir /srv/ompycord",
    ),
    "init": (
        "init",
        "init --yes --token-file token.txt --repository shop=/srv/git/shop",
    ),
    "backup create": (
        "backup create",
        "backup create --secrets --folder /mnt/backups",
    ),
    "backup list": (
        "backup list",
        "backup list --json",
    ),
    "backup verify": (
        "backup verify",
        "backup verify 20270301T030000Z --restore",
    ),
    "backup restore": (
        "backup restore 20270301T030000Z",
        "backup restore 20270301T030000Z --unsent drop",
    ),
    "backup prune": (
        "backup prune --dry-run",
        "backup prune --keep 30",
    ),
    "backup new-key": (
        "backup new-key /etc/ompycord/backup.key",
        "backup new-key",
    ),
    "archive list": ("archive list", "archive list --json"),
    "archive restore": ("archive restore", "archive restore --folder /mnt/old-backups"),
    "alerts list": ("alerts list", "alerts list --limit 100 --json"),
    "alerts test": ("alerts test",),
    "plugin list": ("plugin list", "plugin list --json"),
    "plugin new": (
        "plugin new check-parser tap",
        "plugin new agent goose --folder ~/src/ompycord-goose",
        "plugin new notifier pager",
    ),
    "plugin check": ("plugin check tap", "plugin check tap --json"),
    "service install": ("service install", "service install --run-as ompycord", "service install --print"),
    "service uninstall": ("service uninstall",),
    "service status": ("service status",),
    "service run": ("service run",),
    "doctor": (
        "doctor",
        "doctor --repository shop",
        "doctor --production",
    ),
    "selftest": ("selftest",),
    "conformance": (
        "conformance omp",
        "conformance claude --wait 300",
    ),
    "emit": (
        "emit run.started --run nightly-42 --title 'Nightly build'",
        "emit run.finished --run nightly-42 --summary 'All is built'",
        "emit --flush",
    ),
    "hook": (
        "hook claude",
        'hook codex \'{"type": "agent-turn-complete"}\'',
    ),
    "integrations": (
        "integrations claude --print",
        "integrations claude --ask --save-key",
        "integrations claude --remove",
    ),
    "sign": (
        "sign event.json",
        "sign event.json --curl",
    ),
    "run": (
        "run 'Fix the discount'",
        "run 'Fix the discount' --repository shop --complexity high",
        "run --preset web-app 'Add a dark theme'",
        "run --like 7f3k2m --record",
        "run --refine 'The cart should be nicer to use'",
    ),
    "ask": (
        "ask 'Where is the discount applied?'",
        "ask 'Which tests cover the cart?' --repository shop",
    ),
    "resume": (
        "resume",
        "resume --id 7f3k2m",
    ),
    "report": (
        "report --last",
        "report 7f3k2m --format md --output report.md",
        "report 7f3k2m --format json",
    ),
    "runs": (
        "runs",
        "runs --all --repository shop",
        "runs 7f3k2m",
    ),
    "replay": (
        "replay 7f3k2m",
        "replay 7f3k2m --strict --json",
    ),
    "takeover": (
        "takeover 7f3k2m",
        "takeover 7f3k2m -- git status",
    ),
    "memory status": (
        "memory status",
        "memory status --json",
    ),
    "memory reindex": (
        "memory reindex",
        "memory reindex --embeddings",
        "memory reindex --json",
    ),
    "memory import": (
        "memory import AGENTS.md --repository shop",
        "memory import AGENTS.md --repository shop --guild 100000000000000001 --json",
    ),
    "memory export": (
        "memory export --repository shop",
        "memory export --repository shop --output AGENTS.md",
    ),
    "memory eval": (
        "memory eval --repo .",
        "memory eval --repo . --embeddings",
        "memory eval --repo /srv/git/shop --commits 500 --json",
    ),
    "healthcheck": (
        "healthcheck",
        "healthcheck --ready",
    ),
    "migrate": ("migrate",),
    "version": ("version",),
    "repository add": (
        "repository add ~/src/shop",
        "repository add https://git.example/acme/shop.git --name shop",
        "repository add . --dry-run",
    ),
    "keys add": (
        "keys add build-server",
        "keys add deploys --kind hmac --expires 90d",
        "keys add board --scope runs:read --scope status:read",
    ),
    "keys list": (
        "keys list",
        "keys list --runs",
    ),
    "keys revoke": ("keys revoke build-server",),
    "keys rotate": (
        "keys rotate build-server",
        "keys rotate build-server --overlap 0s",
    ),
    "webhooks list": (
        "webhooks list",
        "webhooks list --destination chat --status dead",
    ),
    "webhooks retry": ("webhooks retry --all --destination chat --dead",),
    "webhooks drop": ("webhooks drop --all --destination chat --dead",),
    "providers list": ("providers list", "providers list --json"),
    "providers import": ("providers import --dry-run", "providers import"),
    "gateway status": ("gateway status",),
    "gateway stop": ("gateway stop",),
    "gateway resume": ("gateway resume",),
    "config show": ("config show",),
    "config schema": ("config schema > ompycord.schema.json",),
}
"""By the path of a command; without `ompycord`, with which each begins."""
_ENOUGH = 200
"""Characters: more than any first sentence has, so that none is cut."""


class GroupedCommands(TyperGroup):
    """Prints each command once, under its `rich_help_panel`, in the order in which they were added."""

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write one section for each heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                heading = command.rich_help_panel or "Commands"
                sections.setdefault(heading, []).append((name, command.get_short_help_str(_ENOUGH)))
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def examples(path: str) -> str:
    """The epilog of a command: whole command lines that can be copied. A test reads each as its command does."""
    return "\n".join([_AS_IT_STANDS, HEADING, *(f"  ompycord {line}" for line in _EXAMPLES[path])])
