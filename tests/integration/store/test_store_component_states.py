"""What a shown button or form means: kept over a restart, for as long as it is valid, also from an older version."""

import json
import sqlite3
from pathlib import Path

import pytest
from pydantic import ValidationError

from ompycord.domain.component_state import CancelConfirmation, ComponentMeaning, ComponentState, MessageEdit
from ompycord.store import open_store
from ompycord.store.migrations import find_migrations, migrate
from tests.integration.store.world import CountingIds, HandClock

RUN, EVENT = "01JD0000000000000000000001", "01JD0000000000000000000002"
CANCEL, EDIT, TYPED, BOUND = (f"01JD000000000000000000001{n}" for n in range(4))
MEANINGS: dict[str, ComponentMeaning] = {
    CANCEL: CancelConfirmation(run=RUN, reason="wrong repository"),
    EDIT: MessageEdit(run=RUN, message=EVENT),
}


@pytest.mark.parametrize("state", MEANINGS)
async def test_a_meaning_is_kept_over_a_restart_until_it_expires(tmp_path: Path, state: str) -> None:
    path, clock = tmp_path / "a.db", HandClock()
    now = clock.now_ms()
    kept = ComponentState(id=state, meaning=MEANINGS[state], created_at=now, expires_at=now + 1000)
    async with open_store(path, clock=clock, ids=CountingIds()) as store:
        await store.save_component_state(kept)
    async with open_store(path, clock=clock, ids=CountingIds()) as store:
        assert await store.component_state(state) == kept
        assert await store.component_state(RUN) is None
        clock.pass_ms(999)
        assert await store.component_state(state) == kept
        clock.pass_ms(1)
        assert await store.component_state(state) is None


async def test_what_has_expired_is_forgotten_with_the_next_that_is_kept(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.db", HandClock()
    async with open_store(path, clock=clock, ids=CountingIds()) as store:
        for state, meaning in MEANINGS.items():
            now = clock.now_ms()
            await store.save_component_state(
                ComponentState(id=state, meaning=meaning, created_at=now, expires_at=now + 1000)
            )
            clock.pass_ms(1000)
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT id FROM component_states").fetchall() == [(EDIT,)]
    raw.close()


def test_a_meaning_of_no_known_kind_is_refused() -> None:
    with pytest.raises(ValidationError):
        ComponentState.model_validate(
            {"id": CANCEL, "meaning": {"kind": "other", "run": RUN}, "created_at": 1, "expires_at": 2}
        )


async def test_notes_that_an_older_version_kept_among_the_drafts_have_their_meaning(tmp_path: Path) -> None:
    """As they stood there; what people typed stays a draft, whatever it is called."""
    path, clock = tmp_path / "a.db", HandClock()
    at = clock.now_ms()
    typed = {"prompt": "Fix it", "repository": "shop", "agent": "omp", "cancel": RUN}
    bodies = {
        CANCEL: {"cancel": RUN, "reason": "wrong repository"}, EDIT: {"edit": EVENT, "run": RUN},
        TYPED: typed, BOUND: {"repository": "shop", "agent": "omp"},
    }  # fmt: skip
    raw = sqlite3.connect(path, isolation_level=None)
    migrate(raw, find_migrations()[:4], path=path, clock=clock)
    for draft, body in bodies.items():
        raw.execute("INSERT INTO drafts VALUES (?, 'p', 'g', 'c', ?, ?, NULL)", (draft, json.dumps(body), at))
    raw.execute("UPDATE drafts SET run = ? WHERE id = ?", (BOUND, BOUND))
    raw.close()
    async with open_store(path, clock=clock, ids=CountingIds()) as store:
        found = {state: await store.component_state(state) for state in bodies}
        assert {state: one.meaning for state, one in found.items() if one is not None} == MEANINGS
        assert [one.expires_at - at for one in found.values() if one is not None] == [15 * 60 * 1000, 24 * 3600 * 1000]
        drafts = [await store.draft(draft) for draft in bodies]
        assert [draft.id for draft in drafts if draft is not None] == [TYPED, BOUND]
        clock.pass_ms(15 * 60 * 1000)
        assert await store.component_state(CANCEL) is None
