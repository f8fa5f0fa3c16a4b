"""Routes of accounts, repositories, branches, labels and commits."""

from typing import Final

from ompycord.playground.forge.credentials import APP_BOT
from ompycord.playground.forge.objects import accounts, commits, repository
from ompycord.playground.forge.refusals import ForgeRefusal, invalid, not_found
from ompycord.playground.forge.rest.call import HERE, ForgeAnswer, ForgeCall, Route
from ompycord.playground.rules.documents import Json


async def own_user(call: ForgeCall) -> ForgeAnswer:
    if call.login == APP_BOT:
        raise ForgeRefusal(403, "Resource not accessible by integration")
    return ForgeAnswer(body=accounts.own_user(call.forge.at, call.forge.views.account(call.login)))


async def user(call: ForgeCall) -> ForgeAnswer:
    if call.forge.records.named("account", call.params["login"]) is None:
        raise not_found()
    return ForgeAnswer(body=accounts.own_user(call.forge.at, call.forge.views.account(call.params["login"])))


async def one(call: ForgeCall) -> ForgeAnswer:
    return ForgeAnswer(body=call.forge.views.repository(call.repository))


async def permission(call: ForgeCall) -> ForgeAnswer:
    if call.forge.records.named("account", call.params["login"]) is None:
        raise not_found()
    return ForgeAnswer(body=accounts.permission(call.forge.at, call.forge.views.account(call.params["login"])))


async def branches(call: ForgeCall) -> ForgeAnswer:
    found = await call.git.branches()
    protected = call.repository["protected"]
    at, name = call.forge.at, call.repository["full_name"]
    return call.paged(
        [
            repository.short_branch(at, name, branch, commit, is_protected=branch in protected)
            for branch, commit in sorted(found.items())
        ]
    )


async def branch(call: ForgeCall) -> ForgeAnswer:
    name = call.params["branch"]
    tip = call.git.tip(name)
    if tip is None:
        raise ForgeRefusal(404, "Branch not found")
    at, full_name = call.forge.at, call.repository["full_name"]
    is_protected = name in call.repository["protected"]
    url = f"{at.repository(full_name)}/branches/{name}"
    checks: Json = {"enforcement_level": "off", "contexts": call.repository["required"], "checks": []}
    body: Json = {
        "name": name,
        "commit": commits.commit(at, full_name, await call.git.commit(tip)),
        "_links": {"self": url, "html": f"{at.web}/{full_name}/tree/{name}"},
        "protected": is_protected,
        "protection": {"enabled": is_protected, "required_status_checks": checks},
        "protection_url": f"{url}/protection",
    }
    return ForgeAnswer(body=body)


async def rules(call: ForgeCall) -> ForgeAnswer:
    """The rules of a branch, as a rule set would have them."""
    found = call.repository
    source = {"ruleset_source_type": "Repository", "ruleset_source": found["full_name"], "ruleset_id": 1}
    rules: list[object] = []
    if call.params["branch"] in found["protected"]:
        needed = {
            "allowed_merge_methods": ["merge", "squash", "rebase"],
            "dismiss_stale_reviews_on_push": False,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_approving_review_count": 1,
            "required_review_thread_resolution": False,
        }
        rules.append({"type": "pull_request", "parameters": needed, **source})
    if found["is_linear"]:
        rules.append({"type": "required_linear_history", **source})
    if found["required"]:
        checks = [{"context": name} for name in found["required"]]
        parameters = {"required_status_checks": checks, "strict_required_status_checks_policy": False}
        rules.append({"type": "required_status_checks", "parameters": parameters, **source})
    return call.paged(rules)


async def read_ref(call: ForgeCall) -> ForgeAnswer:
    tip = call.git.tip(call.params["branch"])
    if tip is None:
        raise not_found()
    full_name = call.repository["full_name"]
    return ForgeAnswer(body=repository.ref(call.forge.at, full_name, call.params["branch"], tip))


async def delete_ref(call: ForgeCall) -> ForgeAnswer:
    call.require_write("contents=write")
    if call.git.tip(call.params["branch"]) is None:
        raise ForgeRefusal(422, "Reference does not exist")
    await call.git.delete(call.params["branch"])
    await call.forge.after_push(call.repository["full_name"])
    return ForgeAnswer(status=204)


async def commit(call: ForgeCall) -> ForgeAnswer:
    found = await call.git.commit_of(call.params["ref"])
    if found is None:
        raise ForgeRefusal(422, f"No commit found for SHA: {call.params['ref']}")
    full_name = call.repository["full_name"]
    return ForgeAnswer(body=commits.commit(call.forge.at, full_name, await call.git.commit(found)))


async def compare(call: ForgeCall) -> ForgeAnswer:
    base, _, head = call.params["range"].partition("...")
    ends = [await call.git.commit_of(name.rpartition(":")[2]) for name in (base, head)]
    if ends[0] is None or ends[1] is None:
        raise not_found()
    full_name, at, git = call.repository["full_name"], call.forge.at, call.git
    ahead = await git.commits(ends[0], ends[1])
    behind = len(await git.commits(ends[1], ends[0]))
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    page = f"{at.web}/{full_name}/compare/{call.params['range']}"
    start = await git.commit(await git.merge_base(ends[0], ends[1]))
    body = {
        "url": f"{at.repository(full_name)}/compare/{call.params['range']}",
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": commits.commit(at, full_name, await git.commit(ends[0])),
        "merge_base_commit": commits.commit(at, full_name, start),
        "status": status,
        "ahead_by": len(ahead),
        "behind_by": behind,
        "total_commits": len(ahead),
        "commits": [commits.commit(at, full_name, one) for one in ahead],
        "files": [commits.file(at, full_name, ends[1], one) for one in await git.files(ends[0], ends[1])],
    }
    return ForgeAnswer(body=body)


async def labels(call: ForgeCall) -> ForgeAnswer:
    name = call.repository["full_name"]
    found = call.forge.records.children("label", name)
    return call.paged([call.forge.views.label(name, one) for one in found])


async def label(call: ForgeCall) -> ForgeAnswer:
    name = call.repository["full_name"]
    for found in call.forge.records.children("label", name):
        if found["name"] == call.params["label"]:
            return ForgeAnswer(body=call.forge.views.label(name, found))
    raise not_found()


async def make_label(call: ForgeCall) -> ForgeAnswer:
    call.require_write("issues=write")
    name, given = call.repository["full_name"], call.given
    if any(one["name"] == given["name"] for one in call.forge.records.children("label", name)):
        raise invalid("Label", field="name", code="already_exists")
    made = call.forge.records.add("label", name, {"name": given["name"]})
    return ForgeAnswer(status=201, body=call.forge.views.label(name, made))


async def rate_limit(call: ForgeCall) -> ForgeAnswer:
    forge = call.forge
    reset = int(forge.now()) // 3600 * 3600 + 3600
    rate = {"limit": 5000, "remaining": forge.remaining, "reset": reset, "used": 5000 - forge.remaining}
    return ForgeAnswer(body={"resources": {"core": rate, "search": rate}, "rate": rate})


ROUTES: Final[list[Route]] = [
    ("GET", "/user", own_user),
    ("GET", "/users/{login}", user),
    ("GET", "/rate_limit", rate_limit),
    ("GET", HERE, one),
    ("GET", f"{HERE}/collaborators/{{login}}/permission", permission),
    ("GET", f"{HERE}/branches", branches),
    ("GET", f"{HERE}/branches/{{branch+}}", branch),
    ("GET", f"{HERE}/rules/branches/{{branch+}}", rules),
    ("GET", f"{HERE}/git/ref/heads/{{branch+}}", read_ref),
    ("DELETE", f"{HERE}/git/refs/heads/{{branch+}}", delete_ref),
    ("GET", f"{HERE}/compare/{{range+}}", compare),
    ("GET", f"{HERE}/labels", labels),
    ("POST", f"{HERE}/labels", make_label),
    ("GET", f"{HERE}/labels/{{label}}", label),
    ("GET", f"{HERE}/commits/{{ref}}", commit),
]
