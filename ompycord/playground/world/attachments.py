"""Files that people and the bot send: stored beside the database, under addresses that cannot be guessed.

Counterpart: `rest/cdn.py`, which serves them.
"""

import hashlib
import hmac
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.errors import refusal
from ompycord.playground.world.core import Core


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file in a request."""

    filename: str
    content: bytes
    content_type: str | None = None


def keep(
    core: Core, upload: Upload, *, channel: str, about: Json | None = None, uploaded_by: str | None = None
) -> Json:
    """Store a file and return its attachment document. Refused with 40005 above the size limit.

    `uploaded_by` is the person who uploaded the file and has not sent it yet.
    """
    if len(upload.content) > core.limits.attachment_bytes:
        raise refusal(40005)
    attachment_id = core.ids.next()
    path(core, attachment_id).write_bytes(upload.content)
    name = clean_name(str((about or {}).get("filename") or upload.filename))
    guessed = mimetypes.guess_type(name)[0] or upload.content_type or "application/octet-stream"
    document: Json = {
        "id": attachment_id,
        "filename": name,
        "size": len(upload.content),
        "content_type": f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed,
        "_channel": channel,
        "_held_by": uploaded_by,
    }
    for key in ("description", "title"):
        if about and about.get(key):
            document[key] = about[key]
    document |= voice_fields(about or {})
    core.storage.put("attachment", attachment_id, document, parent=channel)
    return document


def voice_fields(about: Json) -> Json:
    """What a voice message says of its recording: its length in seconds, and how loud it is, in base64."""
    return {key: about[key] for key in ("duration_secs", "waveform") if about.get(key) is not None}


def shown(core: Core, attachment: Json) -> Json:
    """The attachment in Discord's shape, with its signed address on this port."""
    where = f"{attachment['_channel']}/{attachment['id']}/{quote(attachment['filename'])}"
    url = f"{core.origin}/cdn/attachments/{where}?hm={signature(core, attachment['id'])}"
    document = {key: value for key, value in attachment.items() if not key.startswith("_")}
    return {**document, "url": url, "proxy_url": url}


def unsent(core: Core, attachment_id: str, *, by: str) -> Json | None:
    """A file that this person uploaded and has not sent yet."""
    document = core.storage.get("attachment", attachment_id)
    return document if document is not None and document.get("_held_by") == by else None


def send(core: Core, attachment: Json, *, channel: str) -> Json:
    """The file as part of a message in `channel`."""
    document: Json = {**attachment, "_channel": channel, "_held_by": None}
    core.storage.put("attachment", document["id"], document, parent=channel)
    return document


def clean_name(name: str) -> str:
    """The file name as Discord keeps it: no folders, spaces and odd characters as underscores."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9._-]+", "_", last).lstrip(".")[:200] or "file"


def path(core: Core, attachment_id: str) -> Path:
    """Where the content of an attachment is stored."""
    folder = core.folder / "cdn"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / str(int(attachment_id))


def signature(core: Core, attachment_id: str) -> str:
    """The part of an attachment's address that cannot be guessed."""
    return hmac.new(core.token.encode(), attachment_id.encode(), hashlib.sha256).hexdigest()
