"""What the gateway sends of the world: READY, the whole guild, and requested members."""

from ompycord.playground.gateway.session import Session
from ompycord.playground.rules.documents import Json, as_list, public
from ompycord.playground.rules.intents import GUILD_MEMBERS
from ompycord.playground.rules.permissions import VIEW_CHANNEL
from ompycord.playground.world.guild import World


def ready(world: World, session: Session, identify: Json, *, resume_url: str) -> Json:
    """READY, the answer to `identify`; the guild itself follows as GUILD_CREATE."""
    application = world.application
    is_member = world.storage.get("member", world.bot_id) is not None
    return {
        "v": 10,
        "user": {**world.user(world.bot_id), "mfa_enabled": False, "verified": True, "email": None},
        "guilds": [{"id": world.guild_id, "unavailable": True}] if is_member else [],
        "session_id": session.id,
        "session_type": "normal",
        "resume_gateway_url": resume_url,
        "shard": identify.get("shard") or [0, 1],
        "application": {"id": application["id"], "flags": application["flags"]},
        "user_settings": {},
        "private_channels": [],
        "relationships": [],
        "presences": [],
        "_trace": ['["playground",{}]'],
    }


def guild_create(world: World, session: Session) -> Json:
    """The guild as one session gets it: all members only with their intent, else the bot alone."""
    members = world.members()
    shown = members if session.intents & GUILD_MEMBERS else [world.member_to_api(world.bot_id)]
    threads = [
        public(item)
        for item in world.threads(is_archived=False)
        if world.permissions_in(world.bot_id, item) & VIEW_CHANNEL
    ]
    return {
        **world.guild_to_api(),
        "joined_at": world.member(world.bot_id)["joined_at"],
        "large": False,
        "unavailable": False,
        "member_count": len(members),
        "voice_states": [],
        "members": shown,
        "channels": world.channels(),
        "threads": threads,
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def members_chunk(world: World, wanted: Json) -> Json:
    """The members that an opcode 8 asks for, by ids or by the start of their names."""
    ids = wanted.get("user_ids")
    requested = {str(item) for item in (as_list(ids) or [ids])} if ids is not None else None
    query = str(wanted.get("query") or "").lower()
    found = [
        item
        for item in world.members()
        if (requested is None or item["user"]["id"] in requested) and item["user"]["username"].startswith(query)
    ]
    chunk: Json = {
        "guild_id": world.guild_id,
        "members": found,
        "chunk_index": 0,
        "chunk_count": 1,
        "not_found": sorted(requested - {item["user"]["id"] for item in found}) if requested else [],
    }
    return chunk | ({"nonce": wanted["nonce"]} if wanted.get("nonce") else {})
