"""A read whose result does not fit into memory consumes nothing."""

import pytest

from test_ends import program

SWEEP = """
    import asyncio, resource
    import ringfiles

    SIZE = 8 << 20
    MIB = 1 << 20

    def limit(bytes):
        resource.setrlimit(resource.RLIMIT_AS, (bytes, resource.RLIM_INFINITY))

    def in_use():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()

    async def use(more):
        async with ringfiles.open({path!r}, **{options!r}) as file:
            await file.read(4)
            here = await file.tell()
            limit(in_use() + more)
            try:
                await getattr(file, {name!r})(*{arguments!r})
                return False
            except MemoryError:
                limit(resource.RLIM_INFINITY)
                assert await file.tell() == here, (more, await file.tell())
                return True
            except BlockingIOError:  # it would have taken a thread, for which there is no room
                return False
            finally:
                limit(resource.RLIM_INFINITY)

    async def main():
        print(sum([await use(more * MIB) for more in range(2, 60)]))

    with open({path!r}, "wb") as file:
        file.write({content!r} * (SIZE // len({content!r})))
    asyncio.run(main())
"""
TEXT = {"mode": "r", "encoding": "utf-8"}
BROKEN = {**TEXT, "errors": "replace"}
WIDE = "é".encode()


@pytest.mark.parametrize("options, content, call", [
    ({"mode": "rb"}, b"x", ("readline",)), ({"mode": "rb"}, b"fifteen letters\n", ("readlines",)),
    ({"mode": "rb"}, b"x", ("read",)), (TEXT, WIDE, ("readline",)), (TEXT, WIDE, ("read",)),
    (TEXT, WIDE, ("read", 4_000_000)), (BROKEN, b"\xff", ("read",)),
], ids=str)
def test_what_does_not_fit_is_not_consumed(tmp_path, options, content, call):
    name, *arguments = call
    failed = int(program(SWEEP.format(
        path=str(tmp_path / "file"), options=options, content=content, name=name,
        arguments=arguments)))
    assert failed > 0
