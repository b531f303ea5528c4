"""One plan from one seed: every mode, codec, buffer and size, mostly what lies at their edges."""

import random

from .plan import Plan, Repeated
from .territory import is_defined

NATIVE = ("utf-8", "ascii", "latin-1", "cp1252", "koi8-r", "cp437", "iso8859-7", None)
OTHERS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "shift_jis", "euc_jp",
          "gb18030", "big5", "iso2022_jp")
HANDLERS = (None, "strict", "ignore", "replace", "backslashreplace", "surrogateescape",
            "xmlcharrefreplace", "namereplace")
NEWLINES = (None, "", "\n", "\r", "\r\n")
MODES = ("r", "r+", "w", "w+", "a", "a+", "x", "x+")
WRONG_OPTIONS = (
    {"mode": "rw"}, {"mode": "br+", "encoding": "utf-8"}, {"mode": ""}, {"mode": "U"},
    {"mode": "rb", "errors": "strict"}, {"mode": "rb", "newline": "\n"}, {"buffering": 0},
    {"newline": "x"}, {"encoding": "none"}, {"mode": "tb"}, {"mode": "r++"}, {"buffering": -5},
    {"encoding": 3}, {"mode": "rbb"}, {"mode": "wxb"}, {"encoding": "hex"})
EDGES = (4096, 8192, 16384, 65536, 131072, 262144)
LETTERS = ("a", "bc", "é", "€", "🦊", "ß", "あ", "漢字", "я", "\0", "\x85", "\u2028", "\x1c",
           "\x0b", "\x1a", "\ufeff", " ", "line", "\x7f", "ÿ")
ENDS = ("\n", "\r", "\r\n", "\n\n", "\r\r\n", "\n\r", "\r\n\r\n")
BROKEN = (b"\xff", b"\xe2", b"\xe2\x82", b"\xf0\x9f", b"\xf0\x9f\xa6", b"\xed\xa0\x80", b"\xc0\x80",
          b"\xf4\x90\x80\x80", b"\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x1b$B",
          b"\x81", b"\xe0\x80\x80", b"\xc3\r\n", b"\xe2\x82\n", b"\xf0\x9f\r", b"\0\xd8", b"\xc3")
LONE = ("\ud800", "\udc80", "\udcff", "\udfff")
MOST_STEPS = 14


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.choice = self.random.choice
        self.chance = lambda share: self.random.random() < share

    def plan(self):
        options = self.options()
        self.text = "b" not in options["mode"]
        self.writes = "r" not in options["mode"] or "+" in options["mode"]
        self.closes = self.chance(0.2)
        self.raw = options.get("buffering") == 0
        self.reads = "r" in options["mode"] or "+" in options["mode"]
        encoding = options.get("encoding")
        self.encoding = encoding if encoding in NATIVE + OTHERS and encoding else "utf-8"
        exists = self.chance(0.05 if "x" in options["mode"] else 0.99)
        content = self.content() if exists else None
        return Plan(options, content, self.steps(options))

    # ---- How it is opened -----------------------------------------------------------------------

    def options(self):
        if self.chance(0.01):
            return {"mode": "r", **self.choice(WRONG_OPTIONS)}
        mode = self.choice(MODES + MODES[:4])
        kind = self.choice(("", "", "", "t", "b", "b"))
        mode = mode[0] + (kind + mode[1:] if self.chance(0.5) else mode[1:] + kind)
        options = {"mode": mode}
        if self.chance(0.4):
            options["buffering"] = self.buffering("b" in mode)
        if "b" not in mode:
            options |= self.text_options()
        return options

    def buffering(self, binary):
        some = self.random.randint(2, 40)
        sizes = [-1, 1, 2, 3, some, 100, 4096, 8191, 8192, 8193, 65536, 131072]
        return self.choice([0, 0, 0, *sizes] if binary else sizes)

    def text_options(self):
        encoding = self.choice(NATIVE if self.chance(0.7) else OTHERS)
        options = {"encoding": encoding} if encoding else {}
        if self.chance(0.6):
            options["errors"] = self.choice(HANDLERS)
        if self.chance(0.6):
            options["newline"] = self.choice(NEWLINES)
        return options

    # ---- What is in it, and what is written -----------------------------------------------------

    def size(self):
        """Small, or at the edge of a buffer."""
        if self.chance(0.75):
            return self.choice((0, 1, 2, 3, 5, 10, 20, 50, 100))
        edge = self.choice(EDGES[:2] if self.chance(0.6) else EDGES)
        return edge * self.choice((1, 1, 1, 2)) + self.choice((-3, -2, -1, 0, 0, 1, 2, 10))

    def letters(self):
        some = [self.choice(LETTERS) for _ in range(self.random.randint(1, 3))]
        return "".join(some) + (self.choice(ENDS) if self.chance(0.6) else "")

    def pieces(self, make):
        """A few small pieces, a long one, and a few small ones: what is small lies at an edge."""
        parts = [(make(), self.random.randint(1, 3)) for _ in range(self.random.randint(0, 4))]
        if self.chance(0.3):
            unit = make() if self.chance(0.6) else make()[:1]
            count = max(1, self.size() // max(1, len(unit)))
            parts.append((unit, count))
            parts += [(make(), 1) for _ in range(self.random.randint(0, 4))]
        return Repeated(*[part for part in parts if part[0]])

    def content(self):
        broken = 0.15 if self.chance(0.5) else 0

        def piece():
            if self.chance(broken):
                return self.choice(BROKEN)
            return self.letters().encode(self.encoding, "ignore")
        return self.pieces(piece)

    def text_to_write(self):
        lone = 0.1 if self.chance(0.3) else 0
        return self.pieces(lambda: self.choice(LONE) if self.chance(lone) else self.letters())

    def bytes_to_write(self):
        made = self.pieces(lambda: self.letters().encode())
        return made if made.parts else b""

    def to_write(self):
        if self.chance(0.01):
            return self.choice((None, 3, "text", b"bytes", 1.5, bytearray(b"array")))
        made = self.text_to_write() if self.text else self.bytes_to_write()
        return made if not isinstance(made, Repeated) or made.parts else ""

    # ---- The calls ------------------------------------------------------------------------------

    def steps(self, options):
        steps = []
        kinds = self.kinds(options["mode"])
        for _ in range(self.random.randint(1, MOST_STEPS)):
            step = getattr(self, self.choice(kinds))()
            for guard in ((), *self.guards()):
                if is_defined(options, (*steps, *guard, step)):
                    steps += [*guard, step]
                    break
        return tuple(steps)

    def guards(self):
        """What goes before a call whose outcome CPython leaves open."""
        flush, seek = ("flush",), ("seek", 0)
        return self.random.sample(((flush,), (seek,), (("seek", 0, 1),), (("seek", 0, 2),),
                                   (flush, seek), (flush, ("seek", 0, 1))), 6)

    def kinds(self, mode):
        reads = ["read", "read", "readline", "readline", "readlines", "next"]
        if not self.text:
            reads += ["binary_read"]
        writes = ["write", "write", "write", "writelines", "truncate"]
        kinds = ["seek", "seek", "seek_back", "tell", "tell", "flush", "get", "ask"]
        if "+" in mode or "r" in mode or self.chance(0.1):
            kinds += reads * 2
        if "r" not in mode or "+" in mode or self.chance(0.1):
            kinds += writes * 2
        return kinds + ["close"] if self.closes else kinds

    def odd(self, share):
        """Wrong arguments, but not of files that may be closed: which of the two is looked at first
        differs from method to method, and from version to version."""
        return not self.closes and self.chance(share)

    def limit(self):
        if self.reads and self.odd(0.02):
            return self.choice((1.5, "1", b"1", 1 << 70, -(1 << 70), -2, True))
        return self.choice((-1, None, 0, 1, 1, 2, 3, self.size(), self.size(), self.size()))

    def read(self):
        return ("read",) if self.chance(0.3) else ("read", self.limit())

    def readline(self):
        return ("readline",) if self.chance(0.5) else ("readline", self.limit())

    def readlines(self):
        return ("readlines",) if self.chance(0.3) else ("readlines", self.limit())

    def next(self):
        return "next", self.choice((1, 1, 2, 3, 100))

    def binary_read(self):
        own = ("readall",) if self.raw else ("read1", "peek")
        name = self.choice(("readinto", *own) if self.reads else ("readinto", "readinto", "read1"))
        if name == "read1" and self.raw:
            name = "readinto"
        if name == "readinto":
            return name, self.size()
        if name == "readall" or not self.reads or self.chance(0.4):
            return (name,)
        return name, self.limit()

    def write(self):
        return "write", self.to_write()

    def writelines(self):
        if self.odd(0.03):
            return "writelines", self.choice((None, 3, "text", b"bytes"))
        lines = [self.to_write() for _ in range(self.random.randint(0, 4))]
        return self.choice(("writelines", "generate")), lines

    def seek(self):
        if self.odd(0.03):
            more = () if self.text else (1.5, 1 << 70, -(1 << 70), True)
            return self.choice((("seek", self.choice((-1, "1", None, *more))), ("seek", 3, 1),
                                ("seek", 0, 5), ("seek", -2, 2), ("seek", 0, -1)))
        if self.text:
            return self.choice((("seek", 0), ("seek", 0), ("seek", self.size()), ("seek", 0, 1),
                                ("seek", 0, 2)))
        whence = self.choice((0, 0, 1, 2))
        offset = self.size()
        return "seek", (-offset if whence and self.chance(0.6) else offset), whence

    def seek_back(self):
        return "seek_back", self.random.randint(0, 5)

    def tell(self):
        return ("tell",)

    def flush(self):
        return ("flush",)

    def truncate(self):
        if self.writes and self.odd(0.03):
            return "truncate", self.choice((-1, 1.5, "1", 1 << 70))
        return self.choice((("truncate",), ("truncate", None), ("truncate", self.size())))

    def get(self):
        names = ["name", "mode", "closed"]
        if self.text:
            names += ["encoding", "errors", "newlines", "newlines", "newlines", "line_buffering"]
        return "get", self.choice(names)

    def ask(self):
        return (self.choice(("readable", "writable", "seekable", "isatty")),)

    def close(self):
        return ("close",)


def plan_of(seed):
    return Generator(seed).plan()
