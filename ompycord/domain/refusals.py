"""Why something was refused, as stable codes.

Counterpart of `render/refusals.py`, which has the text for each audience.
"""

from enum import StrEnum

__all__ = ["RefusalCode"]


class RefusalCode(StrEnum):
    """Names on which clients may rely: an existing code keeps its meaning."""

    # -- who may (`policy.py`)
    WATCH_ONLY = "watch-only"
    NOT_PERMITTED = "not-permitted"
    NEEDS_ROLE = "needs-role"
    OWN_REQUEST = "own-request"
    NEEDS_SCOPE = "scope"
    NOT_YOURS = "not-yours"
    OWN_ADMIN = "own-admin"
    ROLE_UNREAD = "role-unread"
    NO_SUCH_RUN = "unknown-run"
    RUN_NOT_FOUND = "run-not-found"
    NO_RUNS_YET = "no-runs-yet"
    # -- what is configured
    UNKNOWN_REPOSITORY = "unknown-repository"
    UNKNOWN_AGENT = "unknown-agent"
    MODEL_NOT_OFFERED = "model-not-offered"
    TAKES_NO_MODEL = "takes-no-model"
    # -- starting and moving runs
    NO_NEW_RUNS = "no-new-runs"
    TOO_MANY_OPEN = "too-many-open"
    NOT_ENDED = "not-ended"
    BRANCH_MISSING = "branch-missing"
    TASK_MISSING = "task-gone"
    HAS_ENDED = "has-ended"
    NOT_RUNNING = "not-running"
    NOT_SUSPENDED = "not-suspended"
    PUBLISHED_NOW = "published-now"
    MOVED_ON = "moved-on"
    NO_NEXT_ROUND = "no-next-round"
    NO_SUCH_ROUND = "no-such-round"
    NOTHING_TO_GO_BACK_TO = "nothing-to-go-back-to"
    RUNS_ELSEWHERE = "runs-elsewhere"
    # -- budgets
    LIMIT_USED_UP = "limit-used-up"
    LIMIT_OF_ENDED_RUN = "limit-of-ended-run"
    LIMIT_TOO_LOW = "limit-too-low"
    BUDGET_USED_UP = "budget-used-up"
    NO_SUCH_LIMIT = "no-such-limit"
    # -- evidence
    NOTHING_TO_ACCEPT = "nothing-to-accept"
    # -- pull requests
    NO_PULL_REQUEST = "no-pull-request"
    PULL_REQUEST_ENDED = "pull-request-ended"
    NOTHING_TO_ADDRESS = "nothing-to-address"
    CHAIN_AT_WORK = "chain-at-work"
    FORGE_FAILED = "forge-failed"
    CALL_IS_OVER = "call-is-over"
    NO_OVERLAP = "no-overlap"
    NO_BRANCH_TO_BUILD_ON = "no-branch-to-build-on"
    NO_SUCH_ISSUE = "no-such-issue"
    NO_DRAFT = "no-draft"
    # -- plans
    NO_SUCH_PLAN = "no-such-plan"
    PLAN_NOT_OPEN = "plan-not-open"
    PLAN_REPLACED = "plan-replaced"
    # -- questions and approvals
    NO_SUCH_QUESTION = "no-such-question"
    ANSWER_NOT_NEEDED = "answer-not-needed"
    NOT_AN_OPTION = "not-an-option"
    ANSWER_IS_WAITING = "answer-is-waiting"
    ANSWER_IS_GIVEN = "answer-is-given"
    NO_SUCH_APPROVAL = "no-such-approval"
    APPROVAL_OF_ENDED_RUN = "approval-of-ended-run"
    APPROVAL_NOT_OPEN = "approval-not-open"
    APPROVAL_NOT_WHOLE = "approval-not-whole"
    APPROVAL_ONLY_ONCE = "approval-only-once"
    APPROVAL_NOT_FOR_A_DAY = "approval-not-for-a-day"
    APPROVED_BEFORE = "approved-before"
    # -- messages
    MESSAGE_EMPTY = "message-empty"
    MESSAGE_TOO_LONG = "message-too-long"
    MESSAGE_TO_ENDED_RUN = "message-to-ended-run"
    MESSAGE_WHILE_PUBLISHING = "message-while-publishing"
    TOO_MANY_MESSAGES = "too-many-messages"
    NO_SUCH_MESSAGE = "no-such-message"
    MESSAGE_WITHDRAWN = "message-withdrawn"
    MESSAGE_TAKEN = "message-taken"
    MESSAGE_TAKEN_UNCHANGED = "message-taken-unchanged"
    # -- tools of agents
    TEXT_MISSING = "text-missing"
    REQUEST_TOO_LONG = "request-too-long"
    OPTIONS_MISSING = "options-missing"
    NO_SUCH_TICKET = "no-such-ticket"
    NOTHING_REQUESTED = "secret-not-requested"
    VALUE_UNFIT = "secret-unfit"
    VALUE_ON_ITS_WAY = "secret-on-its-way"
    NOTHING_KNOWN_YET = "nothing-known-yet"
    RUN_ENDED = "run-ended"
    NO_CLONE = "no-clone"
    FILES_NOT_SERVED = "files-not-served"
    FILE_EMPTY = "file-empty"
    FILE_NOT_GRANTED = "file-not-granted"
    # -- the memory
    NO_SUCH_ITEM = "no-such-item"
    SEVERAL_ITEMS = "several-items"
    NOTHING_TO_REMEMBER = "nothing-to-remember"
    TOO_MANY_PROPOSALS = "too-many-proposals"
    ITEM_MOVED_ON = "item-moved-on"
    ITEM_SUPERSEDES_ITSELF = "item-supersedes-itself"
    NO_SUCH_PROPOSAL = "no-such-proposal"
    PROPOSAL_MALFORMED = "proposal-malformed"
