"""Short sequences of calls that once differed from those on a built-in file.

`system/differential.py` has found them; what it prints of a new one goes into the table.
"""

import pytest

from differential.perform import Ours
from differential.plan import Plan, Repeated
from differential.run import Folders, Run
from differential.shrink import shrunk

HUGE = 1 << 70

FOUND = {
    "a file that only writes says that it cannot read1": (
        {"mode": "wb"}, b"", (("read1",), ("read1", 1))),
    "closed, it still says that it cannot be read": (
        {"mode": "wb"}, b"", (("close",), ("next", 1), ("read", 1), ("readline", 0))),
    "nothing is read of what cannot be read": ({"mode": "ab"}, b"\n", (("readline", 0),)),
    "the words of closed files that only read": (
        {"mode": "rb"}, b"a", (("close",), ("flush",), ("readlines",), ("writelines", []))),
    "the words of closed files": (
        {"mode": "r+b"}, b"a", (("close",), ("flush",), ("readlines", 1), ("writelines", []))),
    "the words of closed raw files": (
        {"mode": "r+b", "buffering": 0}, b"a",
        (("close",), ("flush",), ("readlines", 1), ("writelines", []), ("readline", 0))),
    "a closed text that only wrote cannot be read": (
        {"mode": "w"}, b"", (("close",), ("readable",), ("writable",))),
    "a closed text that only read cannot be written": (
        {"mode": "r"}, b"", (("close",), ("readable",), ("writable",))),
    "a closed binary file that only wrote cannot be read": (
        {"mode": "wb"}, b"", (("close",), ("readable",), ("writable",))),
    "lseek refuses a whence of a raw file": (
        {"mode": "wb", "buffering": 0}, b"", (("seek", 0, -1), ("seek", 0, 5))),
    "a cookie is compared first": (
        {"mode": "r"}, b"abc", (("seek", None), ("seek", "1"), ("seek", "1", 1), ("seek", "1", 2))),
    "a limit that is too large for a size": ({"mode": "r"}, b"a", (("readline", HUGE),)),
    "a place that is too large for an offset": (
        {"mode": "r+b"}, b"a", (("seek", HUGE), ("seek", -HUGE), ("truncate", HUGE))),
    "a place that is too large for an offset, of a raw file": (
        {"mode": "r+b", "buffering": 0}, b"a", (("seek", HUGE), ("truncate", HUGE))),
    "a seek to the start forgets the line ends": (
        {"mode": "r"}, b"a\nb\r\n", (("read",), ("seek", 0), ("get", "newlines"))),
    "a seek to the end forgets the line ends": (
        {"mode": "r"}, b"a\nb\r\n", (("read",), ("seek", 0, 2), ("get", "newlines"))),
    "a line end that a read was cut at is one": (
        {"mode": "r"}, b"\r\n\r\n", (("read", 2), ("get", "newlines"))),
    "a limited read goes on behind what is malformed": (
        {"mode": "r", "encoding": "utf-8"}, b"\xff\xfeabc", (("read", 1),) * 6),
    "what shows that a character is malformed is kept": (
        {"mode": "r", "encoding": "utf-8"}, b"\xc3\xe2\x82\xac", (("read", 1),) * 3),
    "all that is not malformed is kept": (
        {"mode": "r", "encoding": "utf-8"}, b"\xed\xa0\n", (("readline", 1),) * 4),
    "a codec whose state is too large for a cookie": (
        {"mode": "r", "encoding": "iso2022_jp"}, b"\x1be", (("read", 1), ("readline",))),
    "an error handler that is asked for a position": (
        {"mode": "a+", "errors": "namereplace", "encoding": "utf-8"},
        Repeated((b"\xc3\xbf\xc3\x9f\n\n", 2), (b"\xe2\x82\xac\n", 2)),
        (("seek", 0), ("readlines", 10), ("seek", 0, 1), ("truncate", None), ("read", 1))),
    "a text knows where it has appended": (
        {"mode": "a+"}, b"before",
        (("seek", 0), ("write", "x"), ("tell",), ("seek", 2), ("write", "y"), ("tell",))),
}


@pytest.mark.parametrize("options, content, steps", FOUND.values(), ids=FOUND)
async def test_no_difference(tmp_path, options, content, steps):
    plan = Plan(options, content, steps)
    assert await Run(Folders(tmp_path), plan).difference() is None


async def test_a_difference_is_found_and_made_small(tmp_path, monkeypatch):
    take = Ours.take

    async def one_less(self, step):
        taken = await take(self, step)
        return taken[:-1] if step[0] == "readline" and len(taken) > 3 else taken

    monkeypatch.setattr(Ours, "take", one_less)
    folders = Folders(tmp_path)

    async def fails(plan):
        return await Run(folders, plan).difference() is not None

    plan = Plan({"mode": "r", "buffering": 100, "errors": "replace"}, Repeated(("long\n", 9000)), (
        ("tell",), ("read", 5), ("readline",), ("flush",), ("readline",)))
    plan = plan._replace(content=Repeated((b"long line\n", 9000)))
    small = await shrunk(plan, fails)
    assert small == Plan({"mode": "r"}, small.content, (("readline",),))
    assert len(small.content.whole()) == 4
