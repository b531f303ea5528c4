#!/usr/bin/env python3
"""CPython's tests of incremental decoders, run against the decoders of the C++ core.

    codec_tests.py          prints PASS, FAIL or SKIP for each method of test.test_codecs

The core's decoders are registered under names of their own (the program codec_probe serves them),
and the classes of test_codecs are told these names. Error handlers are Python's, encoders too. A
method that never asks a decoder of ours shows nothing, and is not counted.
"""

import atexit
import codecs
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2] / "system"))

from support.mounts import binary
from support.report import Reporter

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le",
             "utf-32-be")
PREFIX = "ringfiles_"


class Probe:
    """The program, and how often it was asked."""

    def __init__(self):
        self._program = subprocess.Popen([binary("codec_probe")], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.questions = 0
        atexit.register(self._program.kill)

    def step(self, name, state, data, final):
        self.questions += 1
        self._program.stdin.write(f"{name} {state} {int(final)} {data.hex()}\n")
        self._program.stdin.flush()
        state, raw, malformed, text, *reason = self._program.stdout.readline()[:-1].split(" ", 4)
        text = bytes.fromhex(text[1:]).decode("utf-8", "surrogatepass")
        return int(state), int(raw), int(malformed), text, "".join(reason)


PROBE = None


def decode(name, state, data, errors, final):
    """(text, bytes used, state)"""
    data = bytes(data)
    made, place = [], 0
    while True:
        state, raw, malformed, text, reason = PROBE.step(name, state, data[place:], final)
        made.append(text)
        place += raw
        if malformed == 0:
            return "".join(made), place, state
        # CPython tells nothing of the mark in its errors, and "surrogatepass" looks at the name.
        told = "utf-8" if name == "utf-8-sig" else name
        failure = UnicodeDecodeError(told, data, place, place + malformed, reason)
        replacement, place = codecs.lookup_error(errors)(failure)
        made.append(replacement)
        place += len(data) if place < 0 else 0


def codec_info(name):
    theirs = codecs.lookup(name)

    class Incremental(codecs.BufferedIncrementalDecoder):
        def __init__(self, errors="strict"):
            super().__init__(errors)
            self.state = 0

        def _buffer_decode(self, data, errors, final):
            text, used, self.state = decode(name, self.state, data, errors, final)
            return text, used

        def reset(self):
            super().reset()
            self.state = 0

        def getstate(self):
            return self.buffer, self.state

        def setstate(self, state):
            self.buffer, self.state = state

    class Reader(codecs.StreamReader):
        state = 0

        def decode(self, data, errors="strict"):
            text, used, self.state = decode(name, self.state, data, errors, False)
            return text, used

        def reset(self):
            super().reset()
            self.state = 0

    def whole(data, errors="strict"):
        text, used, _ = decode(name, 0, data, errors, True)
        return text, used

    return codecs.CodecInfo(name=PREFIX + name, encode=theirs.encode, decode=whole,
                            incrementalencoder=theirs.incrementalencoder,
                            incrementaldecoder=Incremental, streamreader=Reader,
                            streamwriter=theirs.streamwriter)


def find(wanted):
    name = wanted.removeprefix(PREFIX).replace("_", "-")
    return codec_info(name) if wanted.startswith(PREFIX) and name in ENCODINGS else None


def cases(module):
    """Of each class that tests one of our encodings, one that is told our name of it."""
    for name, found in sorted(vars(module).items()):
        encoding = getattr(found, "encoding", None)
        if isinstance(found, type) and issubclass(found, unittest.TestCase) \
                and encoding in ENCODINGS:
            ours = PREFIX + encoding.replace("-", "_")
            told = type(name, (found,), {"encoding": ours})
            yield from unittest.defaultTestLoader.loadTestsFromTestCase(told)


def run(test):
    """(whether a decoder of ours was asked, what went wrong or nothing)"""
    before = PROBE.questions
    result = unittest.TestResult()
    test.run(result)
    wrong = result.failures + result.errors
    return PROBE.questions > before, wrong[0][1] if wrong else None


def main():
    global PROBE
    report = Reporter()
    try:
        import test.test_codecs as module
    except ImportError:
        report.skipped("codec tests", "this Python has no package of its tests")
        return report.exit_status()
    PROBE = Probe()
    codecs.register(find)
    for test in cases(module):
        asked, wrong = run(test)
        name = ".".join(test.id().split(".")[-2:])
        if wrong:
            report.failed(name, wrong)
        elif asked:
            report.passed(name)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
