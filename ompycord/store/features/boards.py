"""Boards: the one message of a channel that lists all runs that are open."""

import sqlite3
from functools import partial

from ompycord.domain.records import Board
from ompycord.store.database import StorePart
from ompycord.store.statements import load

__all__ = ["SqliteBoards"]

_SQL = load("boards")
_BOARDS = _SQL.one("boards")
_PUT_BOARD = _SQL.one("put_board")
_DROP_BOARD = _SQL.one("drop_board")


class SqliteBoards(StorePart):
    """Implements `Boards`."""

    async def boards(self) -> list[Board]:
        return await self._database.readers.all(_BOARDS, (), _board_of)

    async def save_board(self, board: Board) -> None:
        await self._database.writer.submit(partial(_put, board=board))

    async def drop_board(self, channel: str) -> None:
        await self._database.writer.submit(partial(_drop, channel=channel))


def _board_of(row: sqlite3.Row) -> Board:
    return Board.model_validate(dict(row))


def _put(raw: sqlite3.Connection, board: Board) -> None:
    raw.execute(_PUT_BOARD, board.model_dump())


def _drop(raw: sqlite3.Connection, channel: str) -> None:
    raw.execute(_DROP_BOARD, (channel,))
