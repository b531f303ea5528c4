"""Calls on a file from within a call on that file: they do not wait for it."""

import asyncio
import errno
import gc
import io
import os
import weakref

import pytest

import ringfiles
from conftest import PATIENCE_S, Stop, cancelled, settle, started, until
from ringfiles.threadpool import wrap

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def driven(loop, coroutine):
    """What a thread does that has to wait for the loop."""
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result(PATIENCE_S)


class Calling(io.RawIOBase):
    """A raw file that calls `function` when it is written to for the first time."""

    def __init__(self, function):
        self.function = function
        self.data = b""

    def writable(self):
        return True

    def write(self, data):
        function, self.function = self.function, None
        if function is not None:
            function()
        self.data += bytes(data)
        return len(data)


def what_python_writes():
    """Some versions lose what is written from within."""
    raw = Calling(lambda: file.write("middle"))
    file = io.TextIOWrapper(raw)
    for text in ("first", "g" * 8192):
        file.write(text)
    file.flush()
    return raw.data


@pytest.mark.parametrize("loops", ["one loop", "two loops"])
async def test_a_raw_file_may_write_to_the_text_above_it(loops):
    loop = asyncio.get_running_loop()

    def write():
        if loops == "one loop":
            driven(loop, file.write("middle"))
        else:
            asyncio.run(asyncio.wait_for(file.write("middle"), PATIENCE_S))

    raw = Calling(write)
    file = wrap(io.TextIOWrapper(raw))
    for text in ("first", "g" * 8192):
        await file.write(text)
    await file.flush()
    assert raw.data == what_python_writes()


@pytest.mark.parametrize("name", ["write", "read", "flush", "tell", "close"])
async def test_the_lines_that_are_written_may_call_their_file(name):
    loop, inner = asyncio.get_running_loop(), io.StringIO("abcdef")
    file, results = wrap(inner), []

    def lines():
        yield "1"
        arguments = {"write": ("2",), "read": (1,)}.get(name, ())
        results.append(driven(loop, getattr(file, name)(*arguments)))
        if name == "write":
            results.append(inner.getvalue())
        yield "3"

    if name == "close":
        with pytest.raises(ValueError, match="closed"):
            await file.writelines(lines())
        assert inner.closed and results == [None]
        return
    await file.writelines(lines())
    expected = {"write": "123def", "read": "1b3def"}.get(name, "13cdef")
    assert inner.getvalue() == expected
    assert results == {"write": [1, "12cdef"], "read": ["b"], "flush": [None], "tell": [1]}[name]


async def test_calls_from_within_keep_their_order():
    loop, inner = asyncio.get_running_loop(), io.StringIO()
    file = wrap(inner)

    def lines():
        yield "<"
        driven(loop, gathered())
        yield ">"

    async def gathered():
        await asyncio.gather(*(file.write(f"{number:03}") for number in range(100)))

    await file.writelines(lines())
    assert inner.getvalue() == "<" + "".join(f"{number:03}" for number in range(100)) + ">"


async def test_calls_from_within_calls_from_within():
    loop, inner = asyncio.get_running_loop(), io.StringIO()
    file = wrap(inner)

    def lines(depth):
        yield f"({depth}"
        if depth < 3:
            driven(loop, file.writelines(lines(depth + 1)))
        yield ")"

    await file.writelines(lines(1))
    assert inner.getvalue() == "(1(2(3)))"


async def test_through_a_call_on_another_file():
    loop, inner = asyncio.get_running_loop(), io.StringIO()
    file, other = wrap(inner), wrap(io.StringIO())

    def outer():
        yield "1"
        driven(loop, other.writelines(between()))
        yield "3"

    def between():
        yield "not here"
        driven(loop, file.write("2"))

    await file.writelines(outer())
    assert inner.getvalue() == "123"


async def test_a_temporary_file_and_stdout(monkeypatch):
    loop, out = asyncio.get_running_loop(), io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    async with ringfiles.tempfile.NamedTemporaryFile("w+") as file:
        for target in (file, ringfiles.stdout):
            def lines(target=target):
                yield "1"
                driven(loop, target.write("2"))
                yield "3"
            await target.writelines(lines())
        await file.seek(0)
        assert await file.read() == out.getvalue() == "123"


async def test_who_was_there_before_comes_behind_both():
    loop, inner, stop = asyncio.get_running_loop(), io.StringIO(), Stop()
    file = wrap(inner)
    stop.armed = True

    def lines():
        yield "1"
        stop.pass_through()
        driven(loop, file.write("2"))
        yield "3"

    first = await started(file.writelines(lines()))
    await stop.reached()
    second = await started(file.write("4"))
    stop.go_on()
    await asyncio.gather(first, second)
    assert inner.getvalue() == "1234"


async def test_the_next_one_waits_for_what_was_begun_within():
    loop, stop, made = asyncio.get_running_loop(), Stop(), []

    class Inner(io.StringIO):
        def write(self, text):
            if text == "2":
                stop.pass_through()
            return super().write(text)

    inner = Inner()
    file = wrap(inner)
    stop.armed = True

    def lines():
        yield "1"
        made.append(asyncio.run_coroutine_threadsafe(file.write("2"), loop))
        made.append(asyncio.run_coroutine_threadsafe(file.write("3"), loop))
        driven(loop, stop.reached())

    await file.writelines(lines())
    next_one = await started(file.write("4"))
    assert inner.getvalue() == "1"
    stop.go_on()
    await asyncio.gather(next_one, *map(asyncio.wrap_future, made))
    assert inner.getvalue() == "1234"


async def test_a_task_that_was_made_within_queues_when_that_is_over(cranked):
    loop, inner, made = asyncio.get_running_loop(), io.StringIO(), []
    file, go = wrap(inner), asyncio.Event()

    async def later():
        await go.wait()
        await file.write("later")

    def lines():
        yield "lines "
        made.append(asyncio.run_coroutine_threadsafe(later(), loop))

    await file.writelines(lines())
    file._executor = cranked
    earlier = await started(file.write("earlier "))
    go.set()
    await settle()
    assert cranked.waiting == 1
    cranked.run_next()
    await earlier
    await settle()
    cranked.run_next()
    await asyncio.wrap_future(made[0])
    assert inner.getvalue() == "lines earlier later"


async def test_what_a_cancelled_read_from_within_took_is_there():
    loop, stop = asyncio.get_running_loop(), Stop()
    reading, writing = os.pipe()

    class Pipe(io.FileIO):
        def read(self, size=-1):
            stop.pass_through()
            return super().read(size)

        def writelines(self, lines):
            for _ in lines:
                pass

    file = wrap(Pipe(reading))
    os.write(writing, b"taken")

    async def cancel_a_read():
        stop.armed = True
        task = await started(file.read(5))
        await stop.reached()
        await cancelled(task)
        stop.go_on()

    def lines():
        yield b""
        driven(loop, cancel_a_read())

    await file.writelines(lines())
    os.close(writing)
    assert await file.read(5) == b"taken"
    await file.close()


async def test_nothing_is_kept_of_a_call_that_is_over():
    class Inner(io.StringIO):
        pass

    loop, inner, made = asyncio.get_running_loop(), Inner(), []
    go, gone = asyncio.Event(), weakref.ref(inner)

    def lines():
        yield "1"
        made.append(asyncio.run_coroutine_threadsafe(go.wait(), loop))

    file = wrap(inner)
    del inner
    await file.writelines(lines())
    del file
    await settle()
    gc.collect()
    assert gone() is None
    go.set()
    await asyncio.wrap_future(made[0])


# ---- Files of the engine: their iterators run on the loop's thread ------------------------------


@pytest.mark.parametrize("mode", ["w", "wb"])
@pytest.mark.parametrize("count", [0, 3, 30_000])
@pytest.mark.parametrize("queued", [False, True], ids=["at once", "queued"])
@pytest.mark.parametrize("how", ["detach", "close"])
async def test_the_lines_may_detach_or_close_a_file_of_the_engine(
        tmp_path, mode, count, queued, how):
    file = await ringfiles.open(tmp_path / "file", mode)
    kind, below = (str if mode == "w" else lambda text: text.encode()), []

    def lines():
        for number in range(count):
            yield kind(f"{number}\n")
        below.append(file.detach() if how == "detach" else file._file.close())
        yield kind("behind")

    earlier = 100_000 if queued else 0
    first = asyncio.ensure_future(file.writelines([kind("first\n")] * earlier))
    await asyncio.sleep(0)
    with pytest.raises(ValueError, match="detached" if how == "detach" else "closed"):
        await asyncio.wait_for(file.writelines(lines()), PATIENCE_S)
    await first
    expected = b"first\n" * earlier + b"".join(b"%d\n" % number for number in range(count))
    if how == "detach":
        below[0].write(b"by hand")
        below[0].close()
        expected += b"by hand"
    await until(lambda: (tmp_path / "file").stat().st_size == len(expected))
    assert (tmp_path / "file").read_bytes() == expected


async def test_detaching_among_lines_that_do_not_fit_on_the_disk_says_so():
    file = await ringfiles.open("/dev/full", "w")
    told = []

    def lines():
        yield "line\n"
        try:
            file.detach()
        except OSError as error:
            told.append(error.errno)
        yield "line\n"

    await file.writelines(lines())
    assert told == [errno.ENOSPC]
    with pytest.raises(OSError):
        await file.close()
