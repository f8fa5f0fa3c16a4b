"""An event loop of its own for code that is not ours: in a thread that nobody waits for, with few threads below it.

What blocks there, goes on after it was ended, or leaves, holds up nobody else. Counterpart of `calls.py`, which bounds
each call.
"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

__all__ = ["END_S", "MOST_THREADS", "Act", "ActOutcome", "OwnLoop"]

T = TypeVar("T")

MOST_THREADS: Final = 4
"""Calls of `asyncio.to_thread` at once; one more is refused."""
END_S: Final = 3.0
"""Seconds that what still goes on has to end."""


@dataclass(frozen=True)
class ActOutcome:
    """How an act ended."""

    answer: object = None
    error: BaseException | None = None


class OwnLoop:
    """Its thread begins with the first act."""

    def __init__(self, *, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._threads = _FewThreads()

    def begin(self, act: Callable[[], Awaitable[object]]) -> "Act":
        """Begin an act there; the caller waits for its end, or does not."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_default_executor(self._threads)
            self._thread = threading.Thread(target=_run, args=(self._loop,), name=self._name, daemon=True)
            self._thread.start()
        return Act(act, loop=self._loop)

    async def end(self) -> bool:
        """End all that goes on there; False where something does all the same after `END_S`, and is left behind."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return True
        left: list[asyncio.Task[Any]] = []
        with contextlib.suppress(RuntimeError):  # it has ended before
            loop.call_soon_threadsafe(lambda: loop.create_task(_finish(loop, left)))
        await asyncio.to_thread(thread.join, 2 * END_S)
        is_idle = await asyncio.to_thread(self._threads.wait, END_S)
        return not thread.is_alive() and is_idle and not left


class Act:
    """One thing that is done in that loop."""

    def __init__(self, act: Callable[[], Awaitable[object]], *, loop: asyncio.AbstractEventLoop) -> None:
        self._act = act
        self._loop = loop
        self._task: asyncio.Task[None] | None = None
        self._ended: Future[ActOutcome] = Future()
        with contextlib.suppress(RuntimeError):  # after the end of the loop nothing comes of this
            loop.call_soon_threadsafe(self._start)

    @property
    def outcome(self) -> ActOutcome | None:
        """None while it goes on."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> None:
        """Return at its end; called from the loop of whoever waits."""
        here, notified = asyncio.get_running_loop(), asyncio.Event()

        def notify(_: object) -> None:
            with contextlib.suppress(RuntimeError):  # whoever waited is gone
                here.call_soon_threadsafe(notified.set)

        self._ended.add_done_callback(notify)
        await notified.wait()

    def cancel(self) -> None:
        """Ask it to end."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._cancel)

    def _start(self) -> None:
        self._task = self._loop.create_task(self._perform())

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _perform(self) -> None:
        try:
            outcome = ActOutcome(await self._act())
        except BaseException as error:  # noqa: BLE001  # the end of code that is not ours
            outcome = ActOutcome(error=error)
        self._ended.set_result(outcome)


class _FewThreads(ThreadPoolExecutor):
    """Where `asyncio.to_thread` works: a daemon thread a call, none of which keeps the process from its end."""

    def __init__(self) -> None:
        super().__init__(MOST_THREADS)
        self._changed = threading.Condition()
        self._working = 0

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Raises RuntimeError where all of them are taken."""
        with self._changed:
            if self._working >= MOST_THREADS:
                raise RuntimeError(f"{MOST_THREADS} threads of this plug-in have not ended")
            self._working += 1
        future: Future[T] = Future()
        threading.Thread(target=self._work, args=(future, lambda: fn(*args, **kwargs)), daemon=True).start()
        return future

    def wait(self, seconds: float) -> bool:
        """Whether all of them end within so long. Blocks."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._working, seconds)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is waited for: see `wait`."""

    def _work(self, future: Future[T], call: Callable[[], T]) -> None:
        try:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001  # told to whoever asked
                    future.set_exception(error)
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Until `_finish`: what leaves within a callback or a task ends itself alone."""
    is_left = True
    while is_left:
        try:
            loop.run_forever()
            is_left = False
        except (SystemExit, KeyboardInterrupt):
            continue
    loop.close()


async def _finish(loop: asyncio.AbstractEventLoop, left: list[asyncio.Task[Any]]) -> None:
    """End every task of the loop, then the loop; `left` gets those that do not end."""
    going = {task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task(loop)}
    for task in going:
        task.cancel()
    if going:
        _, late = await asyncio.wait(going, timeout=END_S)
        left.extend(late)
    loop.stop()
