"""One content taken back out of backups; it is known by its hash, so it is the right one or none."""

import shutil
from pathlib import Path

from ompycord.backup.age.encryption import decrypted_size
from ompycord.backup.age.keys import BackupKey
from ompycord.backup.manifest import BackupError, Content
from ompycord.backup.place import BackupPlace, ReadBackup
from ompycord.backup.streams import copied, make_private
from ompycord.files import sync_folder

__all__ = ["bring_back", "bring_content"]


def bring_content(found: ReadBackup, content: Content, target: Path, beside: Path) -> bool:
    """Put a content where it belongs, by way of a folder on the same disk; False where the backup has lost it.

    Raises OSError.
    """
    source = found.content(content)
    if not _is_stated(source, content, found.key):
        return False
    make_private(beside)
    fresh = beside / content.sha256
    fresh.unlink(missing_ok=True)
    if copied(source, fresh, content.sha256, lambda more: None, decrypts=found.key) is None:
        return False
    make_private(target.parent)
    fresh.replace(target)
    return True


def bring_back(place: BackupPlace, artifacts: Path, sha256: str) -> str | None:
    """Take a content from the newest backup that has it; the name of that, None where none does.

    Raises BackupError.
    """
    beside = artifacts / ".restoring"
    target = artifacts / sha256[:2] / sha256
    try:
        for one in reversed(place.found()):
            contents = () if one.manifest is None else one.manifest.contents
            stated = next((content for content in contents if content.sha256 == sha256), None)
            if stated is not None and bring_content(place.read(one.name), stated, target, beside):
                sync_folder(target.parent)
                sync_folder(artifacts)
                return one.name
    except OSError as error:
        raise BackupError(f"{error.filename or target} cannot be used ({error.strerror}): check the disk.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return None


def _is_stated(file: Path, content: Content, key: BackupKey | None) -> bool:
    if not file.is_file() or file.is_symlink():
        return False
    size = file.stat().st_size
    return (size if key is None else decrypted_size(size)) == content.size
