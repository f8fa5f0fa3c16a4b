"""What was found about a commit: its statuses and check runs."""

from collections.abc import Callable

from ompycord.playground.forge.hook_events import HookEvents
from ompycord.playground.forge.records import Records
from ompycord.playground.forge.refusals import invalid
from ompycord.playground.rules.documents import Json


class CommitChecks:
    """Of all commits. `changed` is called with a repository and a commit of which something else is known now."""

    def __init__(self, records: Records, *, changed: Callable[[str, str], None], hooks: HookEvents) -> None:
        self._records = records
        self._hooks = hooks
        self._changed = changed

    def set_status(self, login: str, full_name: str, commit: str, given: Json) -> Json:
        """A commit status. Raises ForgeRefusal."""
        if given.get("state") not in ("error", "failure", "pending", "success"):
            raise invalid("Status", field="state")
        description = given.get("description")
        if description is not None and len(str(description)) > 140:
            raise invalid("Status", field="description", code="custom")
        made = {
            "user": login,
            "commit": commit,
            "state": given["state"],
            "description": description,
            "target_url": given.get("target_url"),
            "context": given.get("context") or "default",
        }
        made = self._records.add("status", f"{full_name}@{commit}", made)
        self._changed(full_name, commit)
        self._hooks.status(full_name, made)
        return made

    def statuses(self, full_name: str, commit: str) -> list[Json]:
        """All of a commit, newest first."""
        return self._records.children("status", f"{full_name}@{commit}")[::-1]

    def newest_statuses(self, full_name: str, commit: str) -> list[Json]:
        """The newest of each context."""
        newest: dict[str, Json] = {}
        for one in self.statuses(full_name, commit):
            newest.setdefault(one["context"], one)
        return list(newest.values())

    def set_check(self, full_name: str, commit: str, given: Json) -> Json:
        """A check run, with the log of its job."""
        now = self._records.moment()
        is_done = given.get("conclusion") is not None
        made = {
            "commit": commit,
            "name": given["name"],
            "status": given.get("status") or ("completed" if is_done else "in_progress"),
            "conclusion": given.get("conclusion"),
            "started_at": given.get("started_at") or now,
            "completed_at": given.get("completed_at") or (now if is_done else None),
            "title": given.get("title"),
            "summary": given.get("summary"),
            "app": given.get("app", "github-actions"),
            "workflow": given.get("workflow", "ci"),
            "suite": given.get("suite") or self._records.next("suite", first=9001),
            "log": given.get("log", ""),
        }
        made = self._records.add("check", f"{full_name}@{commit}", made)
        self._changed(full_name, commit)
        self._hooks.check(full_name, made)
        return made

    def change_check(self, full_name: str, found: Json, given: Json) -> Json:
        """A check run that goes on or ends."""
        fields = {name: given[name] for name in ("status", "conclusion", "log", "name") if name in given}
        if given.get("conclusion") is not None:
            fields |= {"status": "completed", "completed_at": given.get("completed_at") or self._records.moment()}
        changed = self._records.change("check", found, **fields)
        self._changed(full_name, found["commit"])
        self._hooks.check(full_name, changed)
        return changed

    def check_runs(self, full_name: str, commit: str) -> list[Json]:
        return self._records.children("check", f"{full_name}@{commit}")
