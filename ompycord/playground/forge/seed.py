"""What the playground's forge begins with: the sample's repository, and the people of the playground as accounts."""

import shutil
import sys
from typing import Final

from ompycord.playground.forge.git_folder import GitError
from ompycord.playground.forge.room import ForgeRoom, make_token
from ompycord.playground.rules.documents import Json
from ompycord.playground.world.core import Core
from ompycord.playground.world.guild import World

REPOSITORY: Final = "playground/sample"
PERMISSIONS: Final = {"admin": "admin", "member": "write", "outsider": "read"}
LABELS: Final = ("bug", "enhancement", "ompycord")


def open_forge(core: Core) -> ForgeRoom | None:
    """The forge in the playground's folder; None without git on this machine."""
    if shutil.which("git") is None:
        return None
    folder = core.folder / "forge"
    folder.mkdir(mode=0o700, exist_ok=True)
    room = ForgeRoom(folder, origin=core.origin, token=_token(core), now=core.clock.now)

    def changed(repository: str, number: int) -> None:
        core.feed.publish("FORGE_CHANGED", {"repository": repository, "number": number})

    room.forge.on_changed = changed
    return room


async def prepare(room: ForgeRoom) -> None:
    """Make the repository and the people where they are not there yet; without a repository it is not ready."""
    forge = room.forge
    try:
        await forge.add_repository(REPOSITORY)
    except (OSError, GitError) as error:
        sys.stderr.write(f"The playground has no forge: {error}\n")
        return
    room.is_ready = True
    for number, (kind, login) in enumerate((("admin", "ada"), ("member", "mo"), ("outsider", "olu")), start=101):
        forge.add_account(login, number=number, permission=PERMISSIONS[kind])
    known = {one["name"] for one in forge.records.children("label", REPOSITORY)}
    for name in LABELS:
        if name not in known:
            forge.records.add("label", REPOSITORY, {"name": name})


def people(world: World) -> dict[str, str]:
    """The accounts of the playground's people by the ids of their users."""
    return {one["id"]: one["username"] for one in world.storage.all("user") if one["_kind"] in PERMISSIONS}


def shown(room: ForgeRoom) -> Json:
    """What the product needs to know of it."""
    people = {"admin": "ada", "member": "mo"}
    return {"api": room.forge.at.api, "repository": REPOSITORY, "token": room.forge.credentials.token, **people}


def _token(core: Core) -> str:
    """The forge's token, made once and kept with the rest of the playground."""
    kept = core.storage.get("forge", "token")
    if kept is None:
        kept = {"token": make_token()}
        core.storage.put("forge", "token", kept)
    return kept["token"]
