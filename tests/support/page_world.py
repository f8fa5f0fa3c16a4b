"""The seeded world that page_double serves: three people, channels, a thread, commands, and messages of every kind."""

from typing import Any

Json = dict[str, Any]

GUILD = "900000000000000001"
ADA, MO, OLU, BOT = "100000000000000001", "100000000000000002", "100000000000000003", "100000000000000009"
GENERAL, WORK, OPS, LONG = "200000000000000001", "200000000000000002", "200000000000000003", "200000000000000004"
THREAD_PARENT_MESSAGE = "300000000000000020"
THREAD = THREAD_PARENT_MESSAGE
RUNNER_ROLE = "400000000000000001"
CARD, SELECTS, HOSTILE, PINNED = "300000000000000010", "300000000000000012", "300000000000000006", "300000000000000004"
ADMINISTRATOR, MANAGE_GUILD = str(1 << 3), str(1 << 5)

HOSTILE_TEXT = (
    "<script>window.hacked = 1</script> <img src=x onerror=window.hacked=2> [run](javascript:window.hacked=3) "
    "[data](data:text/html,<script>1</script>) <javascript:alert(1)> **<b onclick=window.hacked=4>bold</b>** "
    "[https://good.example](https://bad.example) </omp:1"
)

FORMATTED_TEXT = """# Release notes
**Bold**, *italic*, __underlined__, ~~struck~~, ||the hidden word||, `inline code`, \\*not italic\\*
> A quote of two
> lines
- one
  - one and a half
- two
```python
def total(cart):
    return sum(item.price for item in cart)  # <b>not markup</b>
```
```diff
@@ -1 +1 @@
-total = 1
+total = 2
```
See [the docs](https://example.com/docs), <@100000000000000002>, <@&400000000000000001>, <#200000000000000002>
<:omp:777>
-# small print"""


def user(user_id: str, username: str, name: str, kind: str, roles: list[str]) -> Json:
    """One of the three people, as /app/state gives them."""
    return {"id": user_id, "username": username, "global_name": name, "avatar": None, "roles": roles, "kind": kind}


USERS = [
    user(ADA, "ada", "Ada", "admin", []),
    user(MO, "mo", "Mo", "member", [RUNNER_ROLE]),
    user(OLU, "olu", "Olu", "outsider", []),
]
BOT_USER: Json = {"id": BOT, "username": "ompycord", "global_name": None, "avatar": None, "bot": True}
ROLES: list[Json] = [
    {"id": GUILD, "name": "@everyone", "permissions": "2048", "color": 0, "position": 0},
    {"id": RUNNER_ROLE, "name": "runner", "permissions": "0", "color": 0x3498DB, "position": 1},
]


def channel(channel_id: str, name: str, topic: str, position: int) -> Json:
    """A text channel in Discord's shape."""
    return {
        "id": channel_id,
        "type": 0,
        "name": name,
        "topic": topic,
        "parent_id": None,
        "position": position,
        "guild_id": GUILD,
    }


def channels() -> list[Json]:
    """Four channels and one thread beneath the second."""
    thread: Json = {
        "id": THREAD,
        "type": 11,
        "name": "Cart ignores discount",
        "parent_id": WORK,
        "guild_id": GUILD,
        "thread_metadata": {"archived": False, "locked": False},
        "message_count": 2,
        "member_ids": [ADA, MO],
        "last_message": message("300000000000000032", THREAD, MO, "Watching."),
    }
    return [
        channel(GENERAL, "general", "Talk and news", 0),
        channel(WORK, "work", "Runs of the repository sample", 1),
        channel(OPS, "ops", "Health and alarms", 2),
        channel(LONG, "long", "Many messages", 3),
        thread,
    ]


def person(user_id: str) -> Json:
    """The author object of a person or of the bot."""
    if user_id == BOT:
        return BOT_USER
    return next(
        {"id": u["id"], "username": u["username"], "global_name": u["global_name"]} for u in USERS if u["id"] == user_id
    )


def message(message_id: str, channel_id: str, author: str, content: str = "", **more: Any) -> Json:
    """A message in Discord's shape, with what `more` changes."""
    base: Json = {
        "id": message_id,
        "channel_id": channel_id,
        "author": person(author),
        "content": content,
        "timestamp": f"2026-11-20T12:{int(message_id[-3:]) % 60:02d}:00+00:00",
        "edited_timestamp": None,
        "type": 0,
        "flags": 0,
        "pinned": False,
        "mentions": [],
        "mention_roles": [],
        "mention_everyone": False,
        "embeds": [],
        "attachments": [],
        "components": [],
        "reactions": [],
        "ephemeral_for": None,
    }
    return base | more


def button(label: str, custom_id: str, style: int, **more: Any) -> Json:
    """A button that is not a link."""
    return {"type": 2, "style": style, "label": label, "custom_id": custom_id} | more


def row(*components: Json) -> Json:
    """An action row."""
    return {"type": 1, "components": list(components)}


def card(state: str = "Working · step 2 of 4", color: int = 0x5865F2) -> Json:
    """An embed with everything an embed can have."""
    return {
        "author": {"name": "#work · Ada", "icon_url": "/page/art/ada.svg"},
        "title": f"▶ {state} · Cart ignores discount",
        "url": f"https://discord.com/channels/{GUILD}/{THREAD}",
        "description": "Writes the failing test first. Started <t:1795168800:R>.\n> The cart total ignores …",
        "color": color,
        "fields": [
            {"name": "Plan", "value": "2 steps, 41 s", "inline": True},
            {"name": "Verify", "value": "waiting", "inline": True},
            {"name": "Publish", "value": "waiting", "inline": True},
            {"name": "Build", "value": "- `test`\n- `cart/total.py`", "inline": False},
            {"name": "Changed", "value": "2 files **+14−3**", "inline": True},
            {"name": "Cost", "value": "$0.42 of $2.00", "inline": True},
        ],
        "thumbnail": {"url": "/page/art/bot.svg"},
        "footer": {"text": "7f3k2m · Ada · confined"},
        "timestamp": "2026-11-20T12:10:00+00:00",
    }


CARD_BUTTONS = [
    row(
        button("Stop", "stop", 4, emoji={"id": None, "name": "🛑"}),
        button("Say…", "say", 1),
        button("Details", "details", 2),
        button("Verify", "verify", 3),
        button("Later", "later", 2, disabled=True),
    ),
    row(
        {"type": 2, "style": 5, "label": "Open PR", "url": "https://example.com/pr/128"},
        {"type": 2, "style": 5, "label": "Go to the thread", "url": f"https://discord.com/channels/{GUILD}/{THREAD}"},
        button("Silent", "silent", 2),
    ),
]
SELECT_ROWS = [
    row(
        {
            "type": 3,
            "custom_id": "agent",
            "placeholder": "Which agent?",
            "options": [
                {"label": "omp", "value": "omp", "description": "The house agent"},
                {"label": "Claude Code", "value": "claude"},
                {"label": "Codex", "value": "codex"},
            ],
        }
    ),
    row(
        {
            "type": 3,
            "custom_id": "checks",
            "placeholder": "Which checks?",
            "min_values": 1,
            "max_values": 2,
            "options": [{"label": name, "value": name} for name in ("pytest", "ruff", "pyright")],
        }
    ),
    row({"type": 5, "custom_id": "who", "placeholder": "Who may approve?"}),
    row({"type": 6, "custom_id": "role", "placeholder": "Which role?"}),
    row({"type": 8, "custom_id": "where", "placeholder": "Which channel?", "channel_types": [0]}),
]


def messages() -> dict[str, list[Json]]:
    """Every kind of message, by channel."""
    general = [
        message("300000000000000001", GENERAL, ADA, "Good morning. The playground is up."),
        message("300000000000000002", GENERAL, ADA, "Try `/omp new` in <#200000000000000002>."),
        message("300000000000000003", GENERAL, MO, FORMATTED_TEXT),
        message(PINNED, GENERAL, ADA, "House rule: **main** is only changed by pull requests.", pinned=True),
        message(
            "300000000000000005",
            GENERAL,
            ADA,
            "",
            type=6,
            message_reference={"message_id": PINNED, "channel_id": GENERAL},
        ),
        message(HOSTILE, GENERAL, OLU, HOSTILE_TEXT),
        message(
            "300000000000000007",
            GENERAL,
            MO,
            "Agreed.",
            type=19,
            referenced_message=message(PINNED, GENERAL, ADA, "House rule: main is only changed by pull requests."),
            edited_timestamp="2026-11-20T12:09:00+00:00",
            reactions=[{"emoji": {"id": None, "name": "👍"}, "count": 2, "me": False}],
        ),
    ]
    work = [
        message(
            CARD,
            WORK,
            BOT,
            "",
            embeds=[card()],
            components=CARD_BUTTONS,
            pinned=True,
            interaction={"id": "500000000000000001", "type": 2, "name": "omp new", "user": person(ADA)},
        ),
        message(
            "300000000000000011",
            WORK,
            BOT,
            f"<@{ADA}> Done · checks passed.",
            mentions=[person(ADA)],
            attachments=[
                {
                    "id": "600000000000000001",
                    "filename": "change.diff",
                    "size": 61,
                    "content_type": "text/x-diff",
                    "url": "/cdn/change.diff",
                }
            ],
        ),
        message(SELECTS, WORK, BOT, "Settings of this channel", components=SELECT_ROWS),
        message(
            "300000000000000013",
            WORK,
            BOT,
            "You can watch here, not start runs.",
            flags=64,
            ephemeral_for=ADA,
        ),
        message("300000000000000014", WORK, BOT, "", flags=128),
        message(THREAD_PARENT_MESSAGE, WORK, ADA, "Cart ignores the discount, please fix it."),
    ]
    thread = [
        message("300000000000000031", THREAD, BOT, "Plan: write the failing test first."),
        message("300000000000000032", THREAD, MO, "Watching."),
    ]
    long = [
        message(f"3000000000000{n:05d}", LONG, MO if n % 3 else ADA, f"Line {n} of the long talk")
        for n in range(1000, 1120)
    ]
    return {GENERAL: general, WORK: work, OPS: [], THREAD: thread, LONG: long}


def option(name: str, kind: int, description: str, **more: Any) -> Json:
    """One option of a command."""
    return {"name": name, "type": kind, "description": description} | more


COMMANDS: list[Json] = [
    {
        "id": "700000000000000001",
        "type": 1,
        "name": "omp",
        "description": "Runs",
        "options": [
            option(
                "new",
                1,
                "Start a run; without a prompt a form opens",
                options=[
                    option("prompt", 3, "What should be done?", max_length=200),
                    option("repository", 3, "Which repository", autocomplete=True),
                    option(
                        "mode",
                        3,
                        "How careful",
                        choices=[{"name": m, "value": m} for m in ("fast", "standard", "full")],
                    ),
                    option("budget", 10, "Dollars", min_value=0.1, max_value=50),
                    option("quiet", 5, "Ping nobody"),
                    option("file", 11, "Something to look at"),
                ],
            ),
            option("say", 1, "Tell a run something", options=[option("message", 3, "What to say", required=True)]),
            option("silent", 1, "Never answers"),
            option("slow", 1, "Answers late"),
            option("queue", 2, "The queue", options=[option("list", 1, "Show the queue")]),
        ],
    },
    {
        "id": "700000000000000002",
        "type": 1,
        "name": "omp-admin",
        "description": "Administration",
        "default_member_permissions": MANAGE_GUILD,
        "options": [option("setup", 1, "Set the server up")],
    },
    {"id": "700000000000000003", "type": 3, "name": "Run as task"},
    {"id": "700000000000000004", "type": 3, "name": "Save as decision"},
]

MODAL: Json = {
    "custom_id": "form",
    "title": "New task in #work",
    "components": [
        {"type": 10, "content": "The form of a **run**."},
        {
            "type": 18,
            "label": "What should be done?",
            "description": "One sentence is enough.",
            "component": {
                "type": 4,
                "custom_id": "prompt",
                "style": 2,
                "min_length": 10,
                "max_length": 4000,
                "required": True,
                "placeholder": "The cart total ignores the discount when…",
            },
        },
        {
            "type": 18,
            "label": "Repository",
            "component": {
                "type": 3,
                "custom_id": "repository",
                "options": [
                    {"label": "sample", "value": "sample", "default": True},
                    {"label": "shop", "value": "shop"},
                ],
            },
        },
        {
            "type": 18,
            "label": "Agent and mode",
            "component": {
                "type": 3,
                "custom_id": "agent",
                "placeholder": "Choose",
                "options": [{"label": "omp · standard", "value": "omp"}, {"label": "omp · fast", "value": "fast"}],
            },
        },
        row(
            {
                "type": 4,
                "custom_id": "done_when",
                "style": 1,
                "label": "Done when",
                "required": False,
                "max_length": 300,
                "value": "tests pass",
            }
        ),
        {
            "type": 18,
            "label": "Files",
            "component": {"type": 19, "custom_id": "files", "min_values": 0, "max_values": 5, "required": False},
        },
    ],
}
