"""Every limit that the playground enforces, with its source; read by the other rules and the services.

Sources: [msg] Discord's reference "Message", "Embed limits"; [cmp] "Component reference"; [cmd] "Application commands";
[int] "Receiving and responding"; [poll] "Poll"; [chan]
"Channel"; [gw] "Gateway"; [rl] "Rate limits"; [api] Discord's OpenAPI description;
[seen] observed by client authors, not promised by Discord. Lengths are code points.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class RateRule:
    """A fixed window: `limit` requests in `window_s` seconds."""

    name: str
    limit: int
    window_s: float
    source: str


@dataclass(frozen=True, kw_only=True)
class RateRules:
    """Rate limits. Discord publishes only the global one and sends the rest in headers; so does the playground."""

    global_limit: RateRule = RateRule(name="global", limit=50, window_s=1, source="[rl] 50 requests a second per bot")
    create_message: RateRule = RateRule(
        name="create-message", limit=5, window_s=5, source="[seen] 5 per 5 s per channel"
    )
    edit_message: RateRule = RateRule(name="edit-message", limit=5, window_s=5, source="[seen] 5 per 5 s per channel")
    share_create_and_edit: bool = True
    """POST and PATCH of messages count against one bucket, as clients have seen; false gives each its own."""
    old_edit: RateRule = RateRule(
        name="old-edit", limit=3, window_s=6, source="[seen] edits of a message older than 1 h"
    )
    delete_message: RateRule = RateRule(
        name="delete-message", limit=5, window_s=1, source="[seen] 5 per 1 s per channel"
    )
    reaction: RateRule = RateRule(name="reaction", limit=1, window_s=0.25, source="[seen] one per 250 ms per channel")
    rename_channel: RateRule = RateRule(
        name="rename", limit=2, window_s=600, source="[seen] name and topic, per channel"
    )
    webhook: RateRule = RateRule(name="webhook", limit=5, window_s=2, source="[seen] 5 per 2 s per webhook and token")
    other: RateRule = RateRule(
        name="route", limit=50, window_s=5, source="ours: generous, so that only known ones bite"
    )
    invalid: RateRule = RateRule(name="invalid", limit=10_000, window_s=600, source="[rl] 401, 403 and 429 in 10 min")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Sizes, counts and clocks."""

    content: int = 2000  # [msg]
    embeds: int = 10  # [msg]
    embed_title: int = 256  # [msg]
    embed_description: int = 4096  # [msg]
    embed_fields: int = 25  # [msg]
    embed_field_name: int = 256  # [msg]
    embed_field_value: int = 1024  # [msg]
    embed_footer: int = 2048  # [msg]
    embed_author: int = 256  # [msg]
    embed_total: int = 6000  # [msg] over all embeds of a message
    attachments: int = 10  # [msg]
    attachment_bytes: int = 10 * 1024 * 1024  # [api] attachment_size_limit of an interaction, without boosts
    nonce: int = 25  # [api]
    nonce_window_s: float = 300  # [msg] "the past few minutes"
    mention_list: int = 100  # [msg]
    rows: int = 5  # [cmp]
    row_buttons: int = 5  # [cmp]
    components_v2: int = 40  # [cmp]
    components_text: int = 4000  # [cmp] of one text display, and of all in a message
    section_texts: int = 3  # [cmp]
    gallery_items: int = 10  # [cmp]
    alt_text: int = 1024  # [cmp]
    radio_options: int = 10  # [cmp] of a radio group, and of a checkbox group
    custom_id: int = 100  # [cmp]
    button_label: int = 80  # [cmp]
    button_url: int = 512  # [cmp]
    select_options: int = 25  # [cmp]
    select_label: int = 100  # [cmp]
    placeholder: int = 150  # [cmp]
    modal_title: int = 45  # [int]
    modal_components: int = 5  # [int]
    input_label: int = 45  # [cmp]
    input_placeholder: int = 100  # [cmp]
    input_value: int = 4000  # [cmp]
    label_description: int = 100  # [cmp]
    files_per_input: int = 10  # [cmp]
    choices: int = 25  # [cmd]
    choice_name: int = 100  # [cmd]
    choice_value: int = 100  # [cmd]
    command_name: int = 32  # [cmd]
    command_description: int = 100  # [cmd]
    command_options: int = 25  # [cmd]
    command_total: int = 8000  # [cmd] names, descriptions and values of one command together
    commands_per_type: dict[int, int] = field(
        default_factory=lambda: {1: 100, 2: 15, 3: 15}
    )  # [cmd] slash, user, message
    first_answer_s: float = 3  # [int]
    interaction_token_s: float = 900  # [int] 15 minutes
    old_message_s: float = 3600  # [seen] error 30046
    poll_question: int = 300  # [poll]
    poll_answers: int = 10  # [poll]
    poll_answer: int = 55  # [poll]
    poll_hours: int = 768  # [poll] 32 days
    stickers: int = 3  # [msg]
    slow_mode_s: int = 21600  # [chan]
    thread_name: int = 100  # [api]
    topic: int = 1024  # [chan]
    forum_topic: int = 4096  # [chan]
    forum_tags: int = 20  # [chan]
    applied_tags: int = 5  # [chan]
    tag_name: int = 20  # [chan]
    bitrate_least: int = 8000  # [chan]
    bitrate: int = 96000  # [chan] without boosts
    voice_users: int = 99  # [chan]
    stage_users: int = 10_000  # [chan]
    guild_channels: int = 500  # [api] error 30013
    category_channels: int = 50  # [chan]
    channel_name: int = 100  # [api]
    active_threads: int = 1000  # [api] error 160006
    reactions: int = 20  # [msg] kinds on one message
    pins: int = 250  # [msg]
    bulk_delete: int = 100  # [msg]
    bulk_delete_s: float = 14 * 86400  # [msg] two weeks
    gateway_payload: int = 4096  # [gw] close 4002
    gateway_events: int = 120  # [gw] per 60 s, close 4008
    heartbeat_ms: int = 41250  # [gw]
    replay: int = 1000  # ours: events kept for a RESUME
    rates: RateRules = field(default_factory=RateRules)


LIMITS = Limits()
