"""Calls on one file run one at a time, in the order in which they were made."""

import asyncio
import io

import pytest

import ringfiles
from conftest import StoppingRaw, cancelled, settle, started
from ringfiles import _fifo
from ringfiles.threadpool import wrap


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "written"
    path.write_bytes(b"".join(b"%09d\n" % number for number in range(200)))
    return path


@pytest.fixture
async def stopping(written, stop):
    async with ringfiles.open(written, "rb"):
        pass
    file = wrap(StoppingRaw(written, "r+", stop))
    yield file
    stop.go_on()
    await file.close()


async def test_gathered_reads_come_in_order(written):
    for _ in range(20):
        async with ringfiles.open(written, "rb") as file:
            parts = await asyncio.gather(*(file.read(10) for _ in range(200)))
        assert b"".join(parts) == written.read_bytes()


async def test_gathered_lines_come_in_order(written):
    async with ringfiles.open(written) as file:
        lines = await asyncio.gather(*(file.readline() for _ in range(200)))
    assert lines == written.read_text().splitlines(keepends=True)


async def test_gathered_writes_land_in_order(tmp_path):
    async with ringfiles.open(tmp_path / "new", "wb", buffering=0) as file:
        await asyncio.gather(*(file.write(b"%09d\n" % number) for number in range(200)))
    assert (tmp_path / "new").read_bytes() == b"".join(b"%09d\n" % n for n in range(200))


async def test_two_loops_over_one_file_split_its_lines(tmp_path):
    async def collect(file):
        return [line async for line in file]

    # More than one of them gets before it has to let the other one run.
    written = tmp_path / "many"
    written.write_text("".join(f"{number:09}\n" for number in range(100_000)))
    async with ringfiles.open(written) as file:
        one, other = await asyncio.gather(collect(file), collect(file))
    assert one and other
    assert sorted(one + other) == written.read_text().splitlines(keepends=True)


async def test_only_one_call_at_a_time_is_sent_to_a_thread(written, cranked):
    file = wrap(io.BytesIO(b"abcdef"), executor=cranked)
    tasks = [await started(file.read(1)) for _ in range(3)]
    for letter, task in zip((b"a", b"b", b"c"), tasks, strict=True):
        assert cranked.waiting == 1
        cranked.run_next()
        assert await task == letter


async def test_each_call_is_one_job(written, counting):
    file = wrap(io.BytesIO(b"abcdef"), executor=counting)
    await asyncio.gather(*(file.read(1) for _ in range(6)))
    assert counting.submitted == 6


async def test_calls_on_two_files_do_not_wait_for_each_other(stopping, stop, written):
    stop.armed = True
    blocked = await started(stopping.read(1))
    await stop.reached()
    async with ringfiles.open(written, "rb") as other:
        assert await other.read(4) == b"0000"
    assert not blocked.done()
    stop.go_on()
    await blocked


async def test_order_is_that_of_awaiting_not_of_calling(cranked):
    file = wrap(io.BytesIO(b"ab"), executor=cranked)
    first_called, second_called = file.read(1), file.read(1)
    first_awaited = await started(second_called)
    second_awaited = await started(first_called)
    cranked.run_next()
    assert await first_awaited == b"a"
    cranked.run_next()
    assert await second_awaited == b"b"


async def test_a_failed_call_lets_the_next_one_run(cranked):
    file = wrap(io.BytesIO(b"ab"), executor=cranked)
    failing = await started(file.seek("no"))
    following = await started(file.read(1))
    cranked.run_next()
    with pytest.raises(TypeError):
        await failing
    cranked.run_next()
    assert await following == b"a"


async def test_a_call_cancelled_in_the_queue_never_runs(stopping, stop, written):
    stop.armed = True
    running = await started(stopping.read(1))
    await stop.reached()
    await cancelled(await started(stopping.truncate(0)))
    following = await started(stopping.read(1))
    stop.go_on()
    assert (await running, await following) == (b"0", b"0")
    assert written.stat().st_size == 2000


async def test_a_call_cancelled_before_a_thread_took_it_never_runs(cranked):
    inner = io.BytesIO()
    file = wrap(inner, executor=cranked)
    await cancelled(await started(file.write(b"no")))
    following = await started(file.write(b"yes"))
    while cranked.jobs:
        cranked.run_next()
    await following
    assert inner.getvalue() == b"yes"


def cancel_with_the_turn(monkeypatch, task):
    """Cancels `task` after it was given the turn and before it knows."""
    take_turn = _fifo._Call.take_turn

    def cancelling(call):
        take_turn(call)
        task.cancel()

    monkeypatch.setattr(_fifo._Call, "take_turn", cancelling)


async def test_a_call_cancelled_as_its_turn_comes_passes_the_turn_on(cranked, monkeypatch):
    inner = io.BytesIO()
    file = wrap(inner, executor=cranked)
    tasks = [await started(file.write(word)) for word in (b"a", b"b", b"c")]
    cancel_with_the_turn(monkeypatch, tasks[1])
    cranked.run_next()
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    monkeypatch.undo()
    await settle()
    cranked.run_next()
    await tasks[2]
    assert inner.getvalue() == b"ac"


async def test_a_close_cancelled_as_its_turn_comes_closes(cranked, monkeypatch):
    inner = io.BytesIO()
    file = wrap(inner, executor=cranked)
    writing, closing = await started(file.write(b"a")), await started(file.close())
    cancel_with_the_turn(monkeypatch, closing)
    cranked.run_next()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await writing
    cranked.run_next()
    assert inner.closed


async def test_a_close_cancelled_behind_a_call_that_is_delivered_closes(cranked):
    inner = io.BytesIO()
    file = wrap(inner, executor=cranked)
    writing, closing = await started(file.write(b"a")), await started(file.close())
    await cancelled(closing)
    cranked.run_next()
    assert await writing == 1
    cranked.run_next()
    assert inner.closed


async def test_a_running_call_that_is_cancelled_goes_on_and_the_next_waits(stopping, stop, written):
    stop.armed = True
    running = await started(stopping.write(b"first"))
    await stop.reached()
    await cancelled(running)
    following = await started(stopping.write(b"second"))
    await settle()
    assert not following.done()
    assert written.read_bytes()[:5] == b"00000"
    stop.go_on()
    await following
    assert written.read_bytes()[:11] == b"firstsecond"


async def test_many_cancelled_in_the_queue_leave_no_trace(stopping, stop):
    stop.armed = True
    running = await started(stopping.read(1))
    await stop.reached()
    waiting = [await started(stopping.read(1)) for _ in range(50)]
    for task in waiting[:49]:
        await cancelled(task)
    stop.go_on()
    assert await running == b"0"
    assert await waiting[49] == b"0"
    assert await stopping.tell() == 2


async def test_a_close_cancelled_in_the_queue_closes_all_the_same(written, stop):
    inner = StoppingRaw(written, "r", stop)
    file = wrap(inner)
    stop.armed = True
    running = await started(file.read(1))
    await stop.reached()
    await cancelled(await started(file.close()))
    assert not inner.closed
    stop.go_on()
    assert await running == b"0"
    with pytest.raises(ValueError):
        await file.read(1)
    assert inner.closed


async def test_an_exit_cancelled_behind_a_cancelled_read_closes(written, stop):
    inner = StoppingRaw(written, "r", stop)

    async def use():
        manager = ringfiles.open(written)
        async with manager:
            manager._obj, unused = wrap(inner), manager._obj
            await unused.close()
            stop.armed = True
            await manager._obj.read(1)

    task = await started(use())
    await stop.reached()
    task.cancel()
    await settle()
    await cancelled(task)
    assert not inner.closed
    stop.go_on()
    file = wrap(inner)
    while not inner.closed:
        await asyncio.sleep(0.001)
    with pytest.raises(ValueError):
        await file.read()


async def test_a_close_cancelled_before_a_thread_took_it_closes(cranked):
    inner = io.BytesIO()
    file = wrap(inner, executor=cranked)
    await cancelled(await started(file.close()))
    cranked.run_next()
    assert inner.closed


async def test_an_executor_that_was_shut_down_blocks_nothing():
    from concurrent.futures import ThreadPoolExecutor

    executor = ThreadPoolExecutor(1)
    file = wrap(io.BytesIO(b"a"), executor=executor)
    executor.shutdown()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="cannot schedule"):
            await file.read()
        with pytest.raises(RuntimeError, match="cannot schedule"):
            await file.close()
