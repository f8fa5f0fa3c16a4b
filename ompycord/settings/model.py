"""All settings as one model: each section is the options model of what it configures; filled by `layers.py`."""

from pathlib import Path
from typing import Any, Literal, Self, cast

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, PrivateAttr, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ompycord.backup.options import BackupOptions
from ompycord.bot.options import DiscordSettings
from ompycord.domain.access import Access
from ompycord.domain.alerting.options import AlertOptions
from ompycord.domain.auditing.anchors import AuditSettings
from ompycord.domain.base import Frozen
from ompycord.domain.budgets.options import BudgetOptions
from ompycord.domain.catalog import Catalog, Limits
from ompycord.domain.configuration.own_models import OwnModels
from ompycord.domain.configuration.retention import RetentionOptions
from ompycord.domain.configuration.written import WrittenPath
from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.issue_calls.options import ForgeHookSpec
from ompycord.domain.memory.options import MemoryOptions
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.domain.risk.deciders import ApprovalRules
from ompycord.domain.schedules.digest_options import DigestOptions
from ompycord.domain.schedules.options import ScheduleSpec
from ompycord.domain.task import TaskPreset
from ompycord.domain.triggers.options import TriggerSpec
from ompycord.domain.voice.options import VoiceOptions
from ompycord.errors import RefusedInWords
from ompycord.http.limits import HttpLimits
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.model_gateway.tapes.options import TapeOptions
from ompycord.notify.options import NotifySettings
from ompycord.schedules.when import read_when
from ompycord.settings.public_url import PublicUrl, host_of, origin_of, path_of
from ompycord.webhook.limits import EventLimits
from ompycord.workspaces.session_limits import SessionLimits

__all__ = [
    "PREFIX",
    "DiscordSettings",
    "LogSettings",
    "NotifySettings",
    "PlaygroundSettings",
    "Settings",
    "WebhookSettings",
]

PREFIX = "OMPYCORD_"
MIN_SECRET = 24


class WebhookSettings(HttpLimits):
    """The sidecar: where it listens, and how much it takes."""

    host: str = "127.0.0.1"
    port: int = Field(default=8787, ge=0, le=65_535)
    secret: SecretStr | None = None
    """Absent: made at the first `up` and shown once."""
    events: EventLimits = EventLimits()
    public_url: PublicUrl | None = None
    """Where people reach the sidecar through a proxy, such as https://bot.example.com; then secrets have a page."""

    @property
    def public_origin(self) -> str:
        """Scheme, host and port of the public address, as a browser names them."""
        return origin_of(self.public_url or "")

    @property
    def public_host(self) -> str | None:
        """Its name, as the `Host` header has it; None where there is none."""
        return self.public_url and host_of(self.public_url)

    @property
    def public_path(self) -> str:
        """Its path, without a slash at the end."""
        return path_of(self.public_url or "")

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"must have {MIN_SECRET} characters or more")
        return value


class PlaygroundSettings(Frozen):
    """The local Discord."""

    port: int = Field(default=8788, ge=0, le=65_535)
    pull_requests: bool = True
    """Whether runs of its sample end as pull requests on the playground's own forge, or as branches."""


class LogSettings(Frozen):
    """What is logged, and how."""

    level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    json_lines: bool = Field(default=False, validation_alias=AliasChoices("json", "json_lines"))
    file: WrittenPath | None = None
    """Also into this file, one JSON object a line; at `max_mib` a new file starts.

    A relative path is in the data folder.
    """
    max_mib: int = Field(default=10, ge=1, le=10_000)
    keep: int = Field(default=5, ge=1, le=100)
    """How many earlier files stay, as NAME.1 to NAME.n."""


class TlsSettings(Frozen):
    """Whose certificates are believed, of forges, providers, webhooks and git.

    That they are checked cannot be changed.
    """

    ca_file: WrittenPath | None = None
    """Certificates of own authorities in PEM form, believed beside those of this machine.

    A relative path is in the data folder.
    """


class Settings(BaseSettings):
    """All of it. Frozen; secrets never show in a repr."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True, extra="forbid", frozen=True
    )

    profile: Literal["solo", "team", "server"] = "team"
    """A set of defaults: one person, a team, a machine that does nothing else."""
    data_dir: Path = Field(default_factory=lambda: user_data_path("ompycord"))
    """Database, secrets, workspaces; made 0700."""
    discord: DiscordSettings = DiscordSettings()
    webhook: WebhookSettings = WebhookSettings()
    playground: PlaygroundSettings = PlaygroundSettings()
    tls: TlsSettings = TlsSettings()
    notify: NotifySettings = NotifySettings()
    access: Access = Access()
    audit: AuditSettings = AuditSettings()
    """The record of what people did."""
    approvals: ApprovalRules = ApprovalRules()
    """Who decides on each risk class of what agents ask."""
    repositories: dict[str, RepositorySpec] = Field(default_factory=dict[str, RepositorySpec])
    agents: dict[str, AgentSpec] = Field(default_factory=dict[str, AgentSpec])
    """Each as its kind's options (`kinds.py`)."""
    providers: dict[str, ProviderSpec] = Field(default_factory=dict[str, ProviderSpec])
    """Who is asked for models; without one, agents hold keys of their own."""
    own_models: OwnModels = OwnModels()
    """Models that Ompycord asks itself, for plans and for tasks that are refined."""
    task_presets: dict[str, TaskPreset] = Field(default_factory=dict[str, TaskPreset])
    """Tasks by name for `ompycord run --preset`."""
    digests: DigestOptions = DigestOptions()
    """What happened, told daily and weekly."""
    triggers: dict[str, TriggerSpec] = Field(default_factory=dict[str, TriggerSpec])
    """Messages of other systems that start runs, with a brake."""
    forge_hooks: dict[str, ForgeHookSpec] = Field(default_factory=dict[str, ForgeHookSpec])
    """Signed webhooks of forges, each under its own name."""
    schedules: dict[str, ScheduleSpec] = Field(default_factory=dict[str, ScheduleSpec])
    """Tasks that start by the clock."""
    limits: Limits = Limits()
    budgets: BudgetOptions = BudgetOptions()
    """What people, repositories and servers may spend in a day and a month."""
    loop_guardian: GuardianOptions = GuardianOptions()
    """When an agent goes in circles."""
    memory: MemoryOptions = MemoryOptions()
    """What is remembered of earlier work."""
    voice: VoiceOptions | None = None
    """Who makes text of recordings, which then become drafts; left out: nobody, and none is taken."""
    workspaces: SessionLimits = SessionLimits()
    tapes: TapeOptions = TapeOptions()
    """Recording of runs, to run them again without a model."""
    log: LogSettings = LogSettings()
    retention: RetentionOptions = RetentionOptions()
    """How long events of ended runs stay in the database."""
    backup: BackupOptions = BackupOptions()
    alerts: AlertOptions = AlertOptions()
    """What operators are notified of."""
    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="before")
    @classmethod
    def _names_from_keys(cls, data: Any) -> Any:
        """`repositories: {shop: {...}}`: the key is the name."""
        given = cast("dict[str, Any]", data)
        for group in ("repositories", "agents", "providers", "schedules", "triggers", "forge_hooks"):
            entries = given.get(group)
            if isinstance(entries, dict):
                named = cast("dict[str, Any]", entries)
                given[group] = {
                    name: {"name": name, **cast("dict[str, Any]", entry)} if isinstance(entry, dict) else entry
                    for name, entry in named.items()
                }
        return given

    @model_validator(mode="after")
    def _has_places(self) -> Self:
        if self.discord.token is not None and not self.discord.guilds:
            raise ValueError("discord.guilds (DISCORD_GUILD_ID) must name the server that the bot works in")
        return self

    @model_validator(mode="after")
    def _has_readable_schedules(self) -> Self:
        for name, spec in self.schedules.items():
            try:
                read_when(spec.when, spec.zone, now=0)
            except RefusedInWords as error:
                raise ValueError(f"schedules.{name}.when: {error}") from None
            if self.repositories and spec.repository not in self.repositories:
                raise ValueError(f"schedules.{name}.repository is none of the repositories that are configured")
        for name, trigger in self.triggers.items():
            if self.repositories and trigger.repository not in self.repositories:
                raise ValueError(f"triggers.{name}.repository is none of the repositories that are configured")
            on = self.repositories.get(trigger.repository)
            if trigger.source == "base_checks" and (on is None or on.forge is None):
                raise ValueError(
                    f"triggers.{name}.source: base_checks needs repositories.{trigger.repository}.forge, where it looks"
                )
        return self

    @model_validator(mode="after")
    def _has_hooked_repositories(self) -> Self:
        for name, hook in self.forge_hooks.items():
            for started in hook.starts:
                spec = self.repositories.get(started)
                if spec is None or spec.forge is None or spec.forge.api_address != hook.api_address:
                    raise ValueError(
                        f"forge_hooks.{name}.starts.{started} is no repository whose forge has the address {hook.api}"
                    )
        return self

    @model_validator(mode="after")
    def _has_embedding_provider(self) -> Self:
        embeddings = self.memory.embeddings
        if embeddings is None or embeddings.provider is None:
            return self
        spec = self.providers.get(embeddings.provider)
        if spec is None:
            raise ValueError("memory.embeddings.provider is none of the providers that are configured")
        if Dialect.CHAT not in spec.spoken:
            raise ValueError(
                f"memory.embeddings.provider: {spec.name} is not spoken to as OpenAI's API, which alone has "
                "/embeddings: name another one, or an address"
            )
        return self

    @model_validator(mode="after")
    def _has_another_reviewer(self) -> Self:
        if self.profile == "solo" and any(spec.publish.other_reviewer for spec in self.repositories.values()):
            raise ValueError(
                "publish.other_reviewer waits for another person, and profile: solo says that there is none: "
                "leave one of them out"
            )
        return self

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each deprecated key that was used; set by `load_settings`."""
        return self._warnings

    def note(self, warnings: tuple[str, ...]) -> Self:
        """Add warnings about how these settings were written; returns itself."""
        self._warnings = warnings
        return self

    @property
    def catalog(self) -> Catalog:
        """Repositories and agents in the order of the file."""
        agents = tuple(_on_usual_network(spec) for spec in self.agents.values())
        return Catalog(
            repositories=tuple(self.repositories.values()), agents=agents, limits=self.limits,
            approvals=self.approvals, is_solo=self.profile == "solo",
        )  # fmt: skip


def _on_usual_network(spec: AgentSpec) -> AgentSpec:
    """An agent that is granted something of the operator's own, such as a login, has the network that this needs.

    Unless its settings say which one it has, or which hosts it reaches.
    """
    is_set = "network" in spec.sandbox.model_fields_set or bool(spec.sandbox.hosts)
    if is_set or not (spec.grants.files or spec.key_variables):
        return spec
    return spec.model_copy(update={"sandbox": spec.sandbox.model_copy(update={"network": True})})
