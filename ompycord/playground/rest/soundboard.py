"""REST: the sounds that every guild has; the playground has no others and no voice to play them."""

from typing import Final

from ompycord.playground.rest.call import Call, Reply, Route

DEFAULT_SOUNDS: Final = (
    ("1", "quack", "🦆"),
    ("2", "airhorn", "🔊"),
    ("3", "cricket", "🦗"),
    ("4", "golf clap", "👏"),
    ("5", "sad horn", "🎺"),
    ("7", "ba dum tss", "🥁"),
)
"""Id, name, emoji (Discord, "Soundboard", *List Default Soundboard Sounds*)."""


def list_default_sounds(call: Call) -> Reply:
    """`GET /soundboard-default-sounds`."""
    return Reply(body=[_shown(*sound) for sound in DEFAULT_SOUNDS])


def list_guild_sounds(call: Call) -> Reply:
    """`GET /guilds/{guild_id}/soundboard-sounds`."""
    call.services.core.world.require_guild(call.params["guild_id"])
    return Reply(body={"items": []})


def _shown(sound_id: str, name: str, emoji: str) -> dict[str, object]:
    return {
        "sound_id": sound_id,
        "name": name,
        "volume": 1.0,
        "emoji_id": None,
        "emoji_name": emoji,
        "available": True,
    }


ROUTES: Final = [
    Route(method="GET", template="/soundboard-default-sounds", handler=list_default_sounds),
    Route(method="GET", template="/guilds/{guild_id}/soundboard-sounds", handler=list_guild_sounds),
]
