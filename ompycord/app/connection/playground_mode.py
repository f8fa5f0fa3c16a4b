"""The settings that `up` makes by itself where there is no token.

They are the playground's ids, the sample repository and the rehearsal agent.
"""

from ompycord.agents.rehearsal import RehearsalOptions
from ompycord.app.connection.sample_forge import forge_hook
from ompycord.domain.access import Access, RoleNames
from ompycord.domain.repository import RepositorySpec
from ompycord.playground.client import Info
from ompycord.settings import Settings

__all__ = ["REHEARSAL", "with_playground", "with_rehearsal"]

REHEARSAL = RehearsalOptions(name="rehearsal")
"""The rehearsal agent: simulated, and labelled so wherever it is shown."""


def with_playground(settings: Settings, info: Info, sample: RepositorySpec) -> Settings:
    """The settings with the playground; configured repositories and agents stay and come first.

    Access is the playground's admin and its member, a runner, also by their accounts on the playground's forge.
    """
    discord = settings.discord.model_copy(
        update={
            "guilds": (info.guild_id,),
            "home_channel": info.channels["tasks"],
            "work_channels": (info.channels["general"], info.channels["tasks"]),
            "ops_channel": info.channels["ops"],
            "board_channel": info.channels["ops"],
            "message_content": True,
            "api": info.api,
            "proxy": None,  # that of the environment leads out of this machine
            "gateway": info.gateway,
        }
    )
    people = RoleNames(admin=(info.users["admin"],), runner=(info.users["member"],))
    # With one admin and no approver a rule of two people could never be met.
    logins = {info.forge[kind]: info.users[kind] for kind in ("admin", "member")} if info.forge else {}
    hook = {} if sample.name in settings.repositories else forge_hook(info, sample)
    changes = {
        "discord": discord,
        "access": Access(users=people, forge=logins),
        "profile": "solo",
        "forge_hooks": {**hook, **settings.forge_hooks},
    }
    local = settings.model_copy(update=changes)
    return with_rehearsal(local, sample)


def with_rehearsal(settings: Settings, sample: RepositorySpec) -> Settings:
    """The settings with the sample repository and the rehearsal; what is configured stays and comes first."""
    return settings.model_copy(
        update={
            "repositories": {
                **settings.repositories,
                **({} if "sample" in settings.repositories else {"sample": sample}),
            },
            "agents": {**settings.agents, **({} if "rehearsal" in settings.agents else {"rehearsal": REHEARSAL})},
        }
    )
