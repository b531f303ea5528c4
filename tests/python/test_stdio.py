"""The standard streams, which follow whatever `sys` holds at the moment of the call."""

import asyncio
import io
import subprocess
import sys

import ringfiles
from ringfiles import threadpool


class Fake(io.TextIOWrapper):
    def __init__(self, content=b""):
        super().__init__(io.BytesIO(content), encoding="utf-8", write_through=True)


async def test_output_goes_where_sys_points_now(monkeypatch):
    for name in ("stdout", "stderr"):
        for text in ("one", "two"):
            fake = Fake()
            monkeypatch.setattr(sys, name, fake)
            await getattr(ringfiles, name).write(text)
            await getattr(ringfiles, f"{name}_bytes").write(b"!")
            await getattr(ringfiles, f"{name}_bytes").flush()
            assert fake.buffer.getvalue() == text.encode() + b"!"


async def test_output_to_an_object_without_a_descriptor(monkeypatch):
    fake = io.StringIO()
    monkeypatch.setattr(sys, "stdout", fake)
    await ringfiles.stdout.write("text")
    assert fake.getvalue() == "text"


async def test_input_is_read_and_iterated(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Fake(b"first\nsecond\nthird\n"))
    assert await ringfiles.stdin.readline() == "first\n"
    assert [line async for line in ringfiles.stdin] == ["second\n", "third\n"]
    monkeypatch.setattr(sys, "stdin", Fake(b"bytes"))
    assert await ringfiles.stdin_bytes.read() == b"bytes"


def test_they_are_of_no_loop(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Fake(b"first\nsecond\n"))
    for line in ("first\n", "second\n"):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(ringfiles.stdin.readline()) == line
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def test_types_and_names():
    for name in ("stdin", "stdout", "stderr"):
        text, data = getattr(ringfiles, name), getattr(ringfiles, f"{name}_bytes")
        assert type(text) is threadpool.AsyncTextIndirectIOWrapper
        assert type(data) is threadpool.AsyncIndirectBufferedIOBase
        assert text._name == f"sys.{name}" and data._name == f"sys.{name}.buffer"
        assert not hasattr(data, "peek") and not hasattr(text, "__aenter__")
        assert text is getattr(threadpool, name)


PROGRAM = """
import asyncio, ringfiles
async def main():
    turns = 0
    async def turn():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)
    turning = asyncio.create_task(turn())
    await ringfiles.stdout.write("ready\\n")
    await ringfiles.stdout.flush()
    async for line in ringfiles.stdin:
        await ringfiles.stdout.write(line.upper())
    await ringfiles.stderr.write("turned" if turns > 10 else "stood still")
    turning.cancel()
asyncio.run(main())
"""


def test_a_real_process_reads_and_writes_while_its_loop_turns():
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path)})
    assert program.stdout.readline() == "ready\n"
    out, err = program.communicate("a\nb\n", timeout=20)
    assert (out, err, program.returncode) == ("A\nB\n", "turned", 0)
