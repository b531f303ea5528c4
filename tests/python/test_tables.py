"""Files in codecs of one byte for each character are files of the engine, and read the same."""

import codecs
import encodings
import pkgutil

import pytest

import ringfiles
from ringfiles import _native, _ringfiles, _tables

ALL = bytes(range(256))
LARGE = 300 * 1024  # decoded by a thread of the pool
HANDLERS = ("strict", "ignore", "replace", "surrogateescape")
# EBCDIC, letters in the place of ASCII, a space in two places.
NO_TABLES = ("cp037", "cp500", "cp1140", "cp864", "cp875", "mac-arabic", "mac-farsi")


def stdlib_tables():
    for module in pkgutil.iter_modules(encodings.__path__):
        try:
            found = codecs.lookup(module.name)
        except LookupError:
            continue
        if _tables.serves(found):
            yield found.name


TABLES = sorted(set(stdlib_tables()))


def is_of_engine(file):
    return isinstance(file, _ringfiles.TextFile) and not isinstance(file, _native._Threaded)


def test_the_usual_ones_are_served():
    assert len(TABLES) > 50
    assert {"cp1252", "cp437", "iso8859-15", "koi8-r", "mac-roman"} <= {*TABLES}
    assert not {*NO_TABLES, "utf-8", "utf-16", "shift_jis", "ascii", "latin-1"} & {*TABLES}


@pytest.mark.parametrize("encoding", TABLES)
async def test_reading_as_the_builtin_open(tmp_path, encoding):
    path = tmp_path / "file"
    for content in (ALL, b"\r\n" + ALL + b"\r", ALL * (LARGE // len(ALL)) + b"\r\nend"):
        path.write_bytes(content)
        for errors in HANDLERS[1:]:
            for newline in (None, "", "\r\n"):
                options = {"encoding": encoding, "errors": errors, "newline": newline}
                with open(path, **options) as file:
                    whole = file.read()
                with open(path, **options) as file:
                    lines = file.readlines()
                async with ringfiles.open(path, **options) as file:
                    assert is_of_engine(file)
                    assert await file.read() == whole
                    await file.seek(0)
                    assert [line async for line in file] == lines
                    await file.seek(0)
                    assert await file.read(200) == whole[:200]


@pytest.mark.parametrize("encoding", TABLES)
async def test_writing_as_the_builtin_open(tmp_path, encoding):
    letters = ALL.decode(encoding, "ignore")
    for text in (letters, letters * 40, "a\ud800b", "x" * 9000 + "🦊", "\udc81\udcff"):
        for errors in (*HANDLERS, "backslashreplace", "xmlcharrefreplace", "namereplace"):
            options = {"mode": "w", "encoding": encoding, "errors": errors, "newline": "\r\n"}
            async with ringfiles.open(tmp_path / "ours", **options) as file:
                ours = await outcome_of(file.write(text))
            with open(tmp_path / "theirs", **options) as file:
                theirs = outcome(file.write, text)
            assert ours == theirs, (text, errors)
            assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


async def outcome_of(call):
    try:
        return await call
    except UnicodeError as error:
        return type(error), error.args, getattr(error, "__notes__", None)


def outcome(call, *arguments):
    try:
        return call(*arguments)
    except UnicodeError as error:
        return type(error), error.args, getattr(error, "__notes__", None)


@pytest.mark.parametrize("size", [0, LARGE])
async def test_a_byte_that_means_nothing(tmp_path, size):
    path = tmp_path / "file"
    path.write_bytes(b"a" * size + b"\x80 \x81\n")
    async with ringfiles.open(path, encoding="cp1252") as file:
        ours = await outcome_of(file.read())
    with open(path, encoding="cp1252") as file:
        assert ours == outcome(file.read)
    assert ours[0] is UnicodeDecodeError and ours[1][2] == size + 2


async def test_the_position_is_that_of_the_byte(tmp_path):
    path = tmp_path / "file"
    path.write_text("één\ntwee\n", encoding="cp1252")
    async with ringfiles.open(path, "r+", encoding="windows-1252") as file:
        assert file.encoding == "windows-1252"
        assert await file.read(2) == "éé" and await file.tell() == 2
        assert await file.readline() == "n\n" and await file.tell() == 4
        await file.seek(0)
        await file.reconfigure(encoding="cp1250")
        assert is_of_engine(file)
        assert await file.read(2) == "éé"


@pytest.mark.parametrize("encoding", [*NO_TABLES, "utf-16", "shift_jis", "mine", "half", "alias"])
async def test_what_is_no_such_table_is_left_to_threads(tmp_path, encoding):
    """A program's own codec may do anything."""
    codecs.register(codec_of_a_program)
    try:
        with open(tmp_path / "file", "wb") as file:
            file.write("text\n".encode(encoding))
        async with ringfiles.open(tmp_path / "file", encoding=encoding) as file:
            assert not is_of_engine(file)
            assert await file.read() == "text\n"
    finally:
        codecs.unregister(codec_of_a_program)


def codec_of_a_program(name):
    if name not in ("mine", "half", "alias"):
        return None
    cp1252 = codecs.lookup("cp1252")
    encoder = type("Encoder", (cp1252.incrementalencoder,), {}) if name != "half" else None
    return codecs.CodecInfo(
        cp1252.encode, cp1252.decode, cp1252.streamreader, cp1252.streamwriter, encoder,
        cp1252.incrementaldecoder, name="cp1252" if name == "alias" else name)


def test_a_table_is_a_str_of_256():
    for wrong in ("short", b"x" * 256, None):
        with pytest.raises(TypeError):
            _ringfiles.add_table("wrong", wrong, {})
