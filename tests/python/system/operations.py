"""Every operation of the package, once, as the heartbeat watches it.

Each is a coroutine function of a Place. What it makes of millions of objects it returns, so that
they are dropped outside of the measured time: that is the program's work, not the library's.
"""

import asyncio

import ringfiles
import ringfiles.os
import ringfiles.tempfile

CHUNK = 1 << 16
TABLE = {}


def operation(data=None, reads=True):
    """`data`: the kind of what it writes. `reads`: a file that is cold makes a difference."""
    def add(function):
        TABLE[function.__name__] = (function, data, reads and data is None)
        return function
    return add


# ---- Reading ------------------------------------------------------------------------------------


@operation()
async def open_read_exit(place, _):
    for _ in range(20):
        async with ringfiles.open(place.little, "rb") as file:
            await file.read()


@operation()
async def read_all_bytes(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        return await file.read()


@operation()
async def read_all_unbuffered(place, _):
    async with ringfiles.open(place.ascii, "rb", buffering=0) as file:
        return await file.readall()


@operation()
async def read_pieces(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        while await file.read(CHUNK):
            pass


@operation()
async def read_tiny_pieces(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        for _ in range(min(place.size, 1 << 20)):
            await file.read(7)


@operation()
async def read_large_piece(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        return await file.read(place.size - 1)


@operation()
async def read_all_text(place, _):
    async with ringfiles.open(place.ascii) as file:
        return await file.read()


@operation()
async def read_all_wide_text(place, _):
    async with ringfiles.open(place.wide, encoding="utf-8") as file:
        return await file.read()


@operation()
async def read_all_latin1(place, _):
    async with ringfiles.open(place.wide, encoding="latin-1") as file:
        return await file.read()


@operation()
async def read_all_replacing(place, _):
    async with ringfiles.open(place.broken, encoding="utf-8", errors="replace") as file:
        return await file.read()


@operation()
async def read_all_escaping(place, _):
    async with ringfiles.open(place.broken, encoding="ascii", errors="surrogateescape") as file:
        return await file.read()


@operation()
async def read_characters(place, _):
    async with ringfiles.open(place.wide, encoding="utf-8") as file:
        while await file.read(CHUNK):
            pass


@operation()
async def read_most_characters(place, _):
    async with ringfiles.open(place.wide, encoding="utf-8") as file:
        return await file.read(place.size // 2)


@operation()
async def readline(place, _):
    async with ringfiles.open(place.ascii) as file:
        while await file.readline():
            pass


@operation()
async def iterate_lines(place, _):
    async with ringfiles.open(place.ascii) as file:
        async for _ in file:
            pass


@operation()
async def iterate_wide_lines(place, _):
    async with ringfiles.open(place.wide, encoding="utf-8") as file:
        async for _ in file:
            pass


@operation()
async def iterate_binary_lines(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        async for _ in file:
            pass


@operation()
async def readlines(place, _):
    async with ringfiles.open(place.ascii) as file:
        return await file.readlines()


@operation()
async def readlines_bytes(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        return await file.readlines()


@operation()
async def readlines_hint(place, _):
    kept = []
    async with ringfiles.open(place.ascii) as file:
        while lines := await file.readlines(CHUNK):
            kept.append(lines)
    return kept


@operation()
async def lines(place, _):
    async with ringfiles.open(place.ascii) as file:
        while await file.lines():
            pass


@operation(data="bytearray")
async def readinto(place, into):
    async with ringfiles.open(place.ascii, "rb") as file:
        await file.readinto(into)


@operation()
async def readinto_pieces(place, _):
    into = bytearray(CHUNK)
    async with ringfiles.open(place.ascii, "rb") as file:
        while await file.readinto(into):
            pass


@operation()
async def read1(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        while await file.read1():
            pass


@operation()
async def peek(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        for _ in range(100):
            await file.peek(10)


@operation()
async def pread(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        return await file.pread(place.size, 0)


@operation()
async def pread_pieces(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        await asyncio.gather(*(file.pread(CHUNK, place.size // 64 * at) for at in range(64)))


@operation()
async def seek_tell(place, _):
    async with ringfiles.open(place.ascii, "rb") as file:
        for step in range(200):
            await file.seek(place.size // 200 * step)
            await file.tell()
            await file.read(10)


@operation()
async def read_bytes(place, _):
    return await ringfiles.read_bytes(place.ascii)


@operation()
async def read_text(place, _):
    return await ringfiles.read_text(place.ascii)


@operation()
async def read_wide_text(place, _):
    return await ringfiles.read_text(place.wide, encoding="utf-8")


# ---- Writing ------------------------------------------------------------------------------------


@operation(reads=False)
async def write_little(place, _):
    async with ringfiles.open(place.written, "w") as file:
        for number in range(min(place.size // 50, 300_000)):
            await file.write(f"{number} a line of some words, as logs have them\n")


@operation(data="bytes")
async def write_bytes_large(place, data):
    async with ringfiles.open(place.written, "wb") as file:
        await file.write(data)


@operation(data="bytearray")
async def write_bytearray_large(place, data):
    async with ringfiles.open(place.written, "wb") as file:
        await file.write(data)


@operation(data="bytes")
async def write_unbuffered_large(place, data):
    async with ringfiles.open(place.written, "wb", buffering=0) as file:
        await file.write(data)


@operation(data="ascii")
async def write_text_large(place, data):
    async with ringfiles.open(place.written, "w") as file:
        await file.write(data)


@operation(data="ascii")
async def write_text_line_buffered(place, data):
    async with ringfiles.open(place.written, "w", buffering=1) as file:
        await file.write(data)


@operation(data="ascii")
async def write_text_large_crlf(place, data):
    async with ringfiles.open(place.written, "w", newline="\r\n") as file:
        await file.write(data)


@operation(data="wide")
async def write_wide_text_large(place, data):
    async with ringfiles.open(place.written, "w", encoding="utf-8") as file:
        await file.write(data)


@operation(data="astral")
async def write_astral_text_large(place, data):
    async with ringfiles.open(place.written, "w", encoding="utf-8") as file:
        await file.write(data)


@operation(data="wide")
async def write_text_replacing(place, data):
    async with ringfiles.open(place.written, "w", encoding="ascii", errors="replace") as file:
        await file.write(data)


@operation(data="lines")
async def writelines_list(place, data):
    async with ringfiles.open(place.written, "w") as file:
        await file.writelines(data)


@operation(reads=False)
async def writelines_generator(place, _):
    async with ringfiles.open(place.written, "w") as file:
        await file.writelines(f"{number} a line\n" for number in range(place.size // 100))


@operation(data="wide")
async def writelines_one_long_line(place, data):
    async with ringfiles.open(place.written, "w", encoding="utf-8") as file:
        await file.writelines([data])


@operation(data="bytes")
async def pwrite(place, data):
    async with ringfiles.open(place.written, "wb") as file:
        await file.pwrite(data, 10)


@operation(reads=False)
async def flush_fsync_truncate(place, _):
    async with ringfiles.open(place.written, "wb+") as file:
        for _ in range(5):
            await file.write(bytes(CHUNK))
            await file.flush()
        await file.fsync()
        await file.truncate(place.size)
        await file.truncate(10)


@operation(data="bytes")
async def write_bytes(place, data):
    await ringfiles.write_bytes(place.written, data)


@operation(data="ascii")
async def write_text(place, data):
    await ringfiles.write_text(place.written, data)


@operation(data="wide")
async def write_wide_text(place, data):
    await ringfiles.write_text(place.written, data, encoding="utf-8")


# ---- Names --------------------------------------------------------------------------------------


@operation()
async def os_stat(place, _):
    for _ in range(50):
        await ringfiles.os.stat(place.ascii)


@operation()
async def os_listdir(place, _):
    return await ringfiles.os.listdir(place.tree)


@operation()
async def os_scandir(place, _):
    return [entry.name for entry in await ringfiles.os.scandir(place.tree)]


@operation()
async def os_walk(place, _):
    async for _ in ringfiles.os.walk(place.tree):
        pass


@operation(reads=False)
async def os_rename_remove(place, _):
    async with ringfiles.open(place.written + ".old", "w"):
        pass
    await ringfiles.os.rename(place.written + ".old", place.written + ".new")
    await ringfiles.os.remove(place.written + ".new")


@operation(reads=False)
async def temporary_file(place, _):
    async with ringfiles.tempfile.NamedTemporaryFile("w+b", dir=place.folder) as file:
        for _ in range(20):
            await file.write(bytes(CHUNK))
        await file.seek(0)
        return await file.read()
