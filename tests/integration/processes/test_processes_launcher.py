"""A long program gets only what it was given, is read without loss or deadlock, and ends when it must."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError

from ompycord.errors import ProcessFailed
from ompycord.processes import Bounds, Clocks, Line, Outcome, ProcessSpec, RunningProcess, Stream, launch
from ompycord.processes.lines import LineSplitter
from tests.support.patience import within

pytestmark = [pytest.mark.posix, pytest.mark.timeout(60)]
MakeSpec = Callable[..., ProcessSpec]
ClientDisconnected = Callable[[int], Awaitable[None]]

READY_AND_DEAF = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready")
while True: signal.pause()
"""
DAEMON = """
import os, sys, signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        for fd in (0, 1, 2): os.close(fd)
        while True: signal.pause()
    os._exit(0)
os.wait()
"""


async def first(process: RunningProcess) -> str:
    async for line in process.lines():
        return line.text
    raise AssertionError("no line came")


async def all_lines(process: RunningProcess) -> list[Line]:
    return [line async for line in process.lines()]


async def test_nothing_of_our_environment_is_inherited(python: MakeSpec) -> None:
    assert "HOME" in os.environ
    spec = python("import os\nfor name in sorted(os.environ): print(name)", env={"A": "1"}, marker=uuid4().hex)
    async with launch(spec) as process:
        lines = await all_lines(process)
    # The child's own Python coerces the C locale (PEP 538); the shell test below sees the bare truth.
    assert {line.text for line in lines} - {"LC_CTYPE"} == {"A", "OMPYCORD_RUN"}


async def test_the_environment_is_exactly_what_was_given_and_no_descriptor_leaks(tmp_path: Path) -> None:
    spec = ProcessSpec(argv=("/usr/bin/env",), env={"A": "1"}, cwd=tmp_path)
    async with launch(spec) as process:
        assert [line.text for line in await all_lines(process)] == ["A=1"]
    spec = ProcessSpec(argv=("ls", "/proc/self/fd"), env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path, event_pipe=True)
    async with launch(spec) as process:
        assert [line.text for line in await all_lines(process)] == ["0", "1", "2", "3", "4"]  # 4 is what ls opened


async def test_arguments_pass_no_shell_and_the_folder_is_the_given_one(python: MakeSpec, tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd()); print(sys.argv[1:])"
    async with launch(python(code, "$(id); rm *", "two words")) as process:
        lines = await all_lines(process)
    assert [line.text for line in lines] == [str(tmp_path), "['$(id); rm *', 'two words']"]


async def test_three_streams_come_as_lines_and_the_result_says_how_it_ended(python: MakeSpec) -> None:
    ticks = iter([100.0, 107.5])
    code = """
import os, sys
print("out"); print("err", file=sys.stderr); os.write(3, b'{"type": "note"}\\nlast')
print(sys.stdin.read()); sys.exit(3)
"""
    async with launch(python(code, stdin=b"prompt", event_pipe=True), clock=lambda: next(ticks)) as process:
        lines = await all_lines(process)
        result = await process.wait()
    by_stream = {stream: [line.text for line in lines if line.stream is stream] for stream in Stream}
    assert by_stream == {
        Stream.STDOUT: ["out", "prompt"],
        Stream.STDERR: ["err"],
        Stream.EVENTS: ['{"type": "note"}', "last"],
    }
    assert (result.outcome, result.exit_code, result.signal) == (Outcome.EXITED, 3, None)
    assert (result.duration_s, result.pid, result.bytes_seen) == (7.5, process.pid, 36)


async def test_a_program_killed_from_outside_reports_its_signal(python: MakeSpec) -> None:
    async with launch(python("import os; os.kill(os.getpid(), 11)")) as process:
        result = await process.wait()
    assert (result.outcome, result.exit_code, result.signal) == (Outcome.EXITED, None, signal.SIGSEGV)


async def test_ten_mebibytes_without_a_newline_become_one_marked_line(python: MakeSpec) -> None:
    code = "import os\nfor _ in range(160): os.write(1, '€'.encode() * 21845 + b'x')\nprint(); print('after')"
    async with launch(python(code)) as process:
        cut, after = await all_lines(process)
        result = await process.wait()
    assert cut.was_cut
    assert len(cut.text.encode()) <= 65_536
    assert set(cut.text) == {"€", "x"}
    assert (after.text, after.was_cut) == ("after", False)
    assert result.bytes_seen == 160 * 65_536 + 7


async def test_a_flood_is_read_without_loss_through_a_small_queue(python: MakeSpec) -> None:
    async with launch(python("for n in range(50_000): print(n)"), bounds=Bounds(queue_bytes=1000)) as process:
        lines = await all_lines(process)
    assert [line.text for line in lines] == [str(n) for n in range(50_000)]


async def test_a_program_whose_output_nobody_reads_still_ends(python: MakeSpec) -> None:
    code = "import sys\nfor n in range(100_000): print(n); print(n, file=sys.stderr)"
    async with launch(python(code), bounds=Bounds(queue_bytes=1000)) as process:
        result = await process.wait()
        left = await all_lines(process)
    assert result.exit_code == 0
    assert "99999" in {line.text for line in left}
    assert len(left) < 50_000


async def test_a_reader_that_leaves_early_does_not_hold_the_program_up(python: MakeSpec) -> None:
    async with launch(python("for n in range(200_000): print(n)"), bounds=Bounds(queue_bytes=1000)) as process:
        assert await first(process) == "0"
        result = await process.wait()
    assert result.exit_code == 0


async def test_a_mebibyte_of_input_for_a_program_that_never_reads_does_not_hang(python: MakeSpec) -> None:
    async with launch(python("print('done')", stdin=b"x" * 1_048_576)) as process:
        assert [line.text for line in await all_lines(process)] == ["done"]
        assert (await process.wait()).exit_code == 0


async def test_a_mebibyte_of_input_arrives_whole(python: MakeSpec) -> None:
    async with launch(python("import sys; print(len(sys.stdin.buffer.read()))", stdin=b"x" * 1_048_576)) as process:
        assert await first(process) == "1048576"


async def test_silence_ends_a_program_and_output_resets_the_clock(python: MakeSpec) -> None:
    code = "import time\nfor n in range(10): print(n, flush=True); time.sleep(0.3)\ntime.sleep(100)"
    async with launch(python(code), clocks=Clocks(idle_s=2.0)) as process:
        lines = await all_lines(process)
        result = await process.wait()
    # Three seconds of talk outlast two idle ones; only the silence after it ends the program.
    assert [line.text for line in lines] == [str(n) for n in range(10)]
    assert (result.outcome, result.signal) == (Outcome.IDLE_TIMEOUT, signal.SIGTERM)


async def test_a_slow_reader_is_not_taken_for_a_silent_program(python: MakeSpec) -> None:
    clocks, bounds = Clocks(idle_s=1.0), Bounds(queue_bytes=1000)
    async with launch(python("for n in range(100_000): print(n)"), clocks=clocks, bounds=bounds) as process:
        lines = process.lines()
        assert (await anext(lines)).text == "0"
        with pytest.raises(TimeoutError):  # the program is blocked by us for two idle times
            await asyncio.wait_for(process.wait(), 2.5)
        count = 1 + len([line async for line in lines])
        result = await process.wait()
    assert (count, result.outcome) == (100_000, Outcome.EXITED)


async def test_the_wall_clock_ends_a_talkative_program(python: MakeSpec) -> None:
    code = "import time\nwhile True: print(1); time.sleep(0.01)"
    async with launch(python(code), clocks=Clocks(wall_s=0.4)) as process:
        assert (await process.wait()).outcome is Outcome.WALL_TIMEOUT


async def test_too_much_output_ends_a_program(python: MakeSpec) -> None:
    async with launch(python("while True: print('x' * 1000)"), bounds=Bounds(output_bytes=100_000)) as process:
        assert (await process.wait()).outcome is Outcome.OUTPUT_LIMIT


async def test_a_program_deaf_to_term_gets_kill(python: MakeSpec) -> None:
    async with launch(python(READY_AND_DEAF), clocks=Clocks(term_s=0.2)) as process:
        assert await first(process) == "ready"
        result = await process.stop()
        again = await process.stop()
    assert (result.outcome, result.signal) == (Outcome.STOPPED, signal.SIGKILL)
    assert again == result


async def test_a_stop_goes_on_when_its_caller_is_cancelled(python: MakeSpec, until_gone: ClientDisconnected) -> None:
    async with launch(python(READY_AND_DEAF), clocks=Clocks(term_s=0.3)) as process:
        assert await first(process) == "ready"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.stop(), 0.05)
        assert (await process.wait()).outcome is Outcome.STOPPED
    await until_gone(process.pid)


async def test_children_in_the_group_go_with_the_program(python: MakeSpec, until_gone: ClientDisconnected) -> None:
    code = "import os, signal\npid = os.fork()\nif pid: print(pid)\nwhile True: signal.pause()"
    async with launch(python(code)) as process:
        child = int(await first(process))
        await process.stop()
    await until_gone(child)


async def test_a_double_forked_child_in_its_own_session_is_swept(
    python: MakeSpec, tmp_path: Path, until_gone: ClientDisconnected
) -> None:
    async with launch(python(DAEMON, marker=str(tmp_path))) as process:
        daemon = int(await first(process))
        result = await process.wait()
    assert (result.outcome, result.exit_code, result.survivors) == (Outcome.EXITED, 0, 1)
    await until_gone(daemon)


async def test_an_error_in_the_block_comes_out_unwrapped_and_leaves_no_process(
    python: MakeSpec, until_gone: ClientDisconnected
) -> None:
    pids: list[int] = []

    async def work() -> None:
        async with launch(python("import signal; signal.pause()")) as process:
            pids.append(process.pid)
            raise KeyError

    with pytest.raises(KeyError):
        await work()
    await until_gone(pids[0])


def waiting_threads() -> set[threading.Thread]:
    """asyncio's threads that wait for a child each; those of other tests' programs among them."""
    return {thread for thread in threading.enumerate() if thread.name.startswith("asyncio-waitpid")}


@pytest.mark.parametrize("times", [1, 2])
async def test_cancelling_leaves_no_process_and_twice_does_not_wait(
    python: MakeSpec, until_gone: ClientDisconnected, times: int
) -> None:
    pids: list[int] = []
    ready = asyncio.Event()
    others = waiting_threads()

    async def work() -> None:
        async with launch(python(READY_AND_DEAF), clocks=Clocks(term_s=0.3 if times == 1 else 1000)) as process:
            pids.append(process.pid)
            assert await first(process) == "ready"
            ready.set()
            await process.wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(work())
        async with within(20):
            await ready.wait()
        for _ in range(times):
            task.cancel()
            await asyncio.wait([task], timeout=0.05)  # lets the cancellation arrive
    assert task.cancelled()
    await until_gone(pids[0])
    # The thread that waits for it tells the loop; one that closes before leaves a transport that nobody closes.
    async with within(10):
        for thread in waiting_threads() - others:
            await asyncio.to_thread(thread.join)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("no-such-program", None, "was not found"),
        ("./missing", None, "was not found"),
        ("./plain", "text", "Make it an executable file"),
        ("./folder", "", "Make it an executable file"),
        ("./rubbish", "\x7fnot a program", "no program of this system"),
        ("./lost", "#!/no/such/interpreter\n", "could not be executed"),
    ],
)
async def test_a_program_that_cannot_start_is_named_with_what_to_do(
    tmp_path: Path, name: str, content: str | None, words: str
) -> None:
    target = tmp_path / name
    if content == "":
        target.mkdir()
    elif content is not None:
        target.write_text(content)
        target.chmod(0o600 if name == "./plain" else 0o700)
    with pytest.raises(ProcessFailed, match=words) as failure:
        async with launch(ProcessSpec(argv=(name,), env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path, stdin=b"x")):
            pass
    assert Path(name).name in str(failure.value)
    assert str(tmp_path) not in str(failure.value)


@pytest.mark.parametrize(("content", "words"), [(None, "was not found"), ("text", "Make it an executable file")])
async def test_words_about_a_program_do_not_tell_where_it_is_looked_for(
    tmp_path: Path, content: str | None, words: str
) -> None:
    target = tmp_path / "private/agents/nope.sh"
    target.parent.mkdir(parents=True)
    if content is not None:
        target.write_text(content)
    with pytest.raises(ProcessFailed, match=words) as failure:
        async with launch(ProcessSpec(argv=(str(target),), env={}, cwd=tmp_path)):
            pass
    assert "nope.sh" in str(failure.value)
    assert "private" not in str(failure.value)


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match=r"folder .*gone is not there"):
        async with launch(ProcessSpec(argv=("true",), env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path / "gone")):
            pass


@pytest.mark.parametrize(
    "broken", [{"argv": ()}, {"argv": ("a\0b",)}, {"env": {"A=B": "c"}}, {"env": {"A": "hunter2\0"}}, {"shell": True}]
)
def test_a_broken_spec_is_refused_without_repeating_values(broken: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as failure:
        ProcessSpec.model_validate({"argv": ("true",), "env": {}, "cwd": tmp_path, **broken})
    assert "hunter2" not in str(failure.value)


def test_a_spec_never_prints_what_may_be_secret(tmp_path: Path) -> None:
    spec = ProcessSpec(argv=("a", "hunter2"), env={"K": "hunter2"}, cwd=tmp_path, stdin=b"hunter2")
    assert "hunter2" not in repr(spec)


def split(limit: int, *chunks: bytes) -> list[tuple[str, bool]]:
    splitter = LineSplitter(stream=Stream.STDOUT, limit=limit)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return [(line.text, line.was_cut) for line in (*lines, *splitter.finish())]


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"1\r2\rend\n"], [("1\r2\rend", False)]),
        ([b"step 10\rstep 20\rfatal\nnext\n"], [("fatal", True), ("next", False)]),
        ([b"step 10\rst", b"ep 20", b"\rfatal", b"\n"], [("fatal", True)]),
        ([b"a\r12345678", b"90", b"12\n"], [("1234567890", True)]),
        ([b"a\r1234567", b"89012345\n"], [("1234567890", True)]),
        ([b"123456789012345\n"], [("1234567890", True)]),
        ([b"12345678901\r\nx\n"], [("1234567890", True), ("x", False)]),
        ([b"123456789\r", b"\nx\n"], [("123456789", False), ("x", False)]),
        ([b"1234567890\r", b"\n"], [("1234567890", True)]),
    ],
)
def test_of_a_line_that_is_too_long_the_part_that_was_written_last_is_kept(
    chunks: list[bytes], lines: list[tuple[str, bool]]
) -> None:
    assert split(10, *chunks) == lines


async def test_while_a_tool_of_it_runs_only_the_wall_clock_ends_it(python: MakeSpec) -> None:
    clocks = Clocks(wall_s=1.5, idle_s=0.3)
    async with within(30), launch(python("import time; time.sleep(300)"), clocks=clocks) as process:
        process.works_in_silence(working=True)
        assert (await process.wait()).outcome is Outcome.WALL_TIMEOUT
    async with within(30), launch(python("import time; time.sleep(300)"), clocks=Clocks(idle_s=0.3)) as process:
        process.works_in_silence(working=True)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await process.wait()
        process.works_in_silence(working=False)
        assert (await process.wait()).outcome is Outcome.IDLE_TIMEOUT


async def test_a_program_may_be_given_another_silence(python: MakeSpec) -> None:
    for before, after in ((300.0, 0.3), (0.3, 300.0)):
        clocks = Clocks(wall_s=1.5, idle_s=before)
        async with within(30), launch(python("import time; time.sleep(300)"), clocks=clocks) as process:
            process.may_be_silent(after)
            ended = (await process.wait()).outcome
        assert ended is (Outcome.IDLE_TIMEOUT if after < before else Outcome.WALL_TIMEOUT)
