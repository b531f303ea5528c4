#!/usr/bin/env python3
"""Times reading of text in several encodings beside CPython's, and prints each bar.

    bench/encodings_report.py build/release/bench/read_text [--rounds 5] [--mib 64]

Both read the same cached log line by line: the library's next_lines(), and `for line in open(...)`
of the Python that runs this. The first rows compare validation of UTF-8 and the search for lines
with memcpy of the same bytes in memory, and memchr for the newlines alone beside it. The two take
turns in every round; a ratio is one of medians of this run. Exit status 1 when a bar was missed.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LINE = "2026-11-23 12:00:00,{} INFO worker-{} handled the request of müller & søn in {} ms\n"
LOGS = [("utf-8", False), ("latin-1", True), ("cp1252", False), ("utf-16", True),
        ("utf-16-be", True), ("utf-32", False), ("utf-8-sig", False)]


def text_of(size):
    lines = [LINE.format(i % 1000, i % 17, i * 7 % 977) for i in range(20_000)]
    block = "".join(lines)
    return block * max(1, size // len(block))


def read_by_python(path, encoding):
    start = time.perf_counter()
    with open(path, encoding=encoding) as file:
        for _ in file:
            pass
    return time.perf_counter() - start


def run(program, path, what):
    done = subprocess.run([program, path, what], capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def compare(program, path, encoding, rounds):
    ours, pythons = [], []
    for _ in range(rounds):
        ours += run(program, path, encoding)
        pythons.append(read_by_python(path, encoding))
    return statistics.median(ours), statistics.median(pythons)


def plain(text):
    return text.replace("ü", "u").replace("ø", "o")


def compare_memory(program, path, rounds, kind):
    rows = [run(program, path, "-") for _ in range(rounds)]
    copied, searched, split = (statistics.median(column) for column in zip(*rows))
    say(f"memchr for the newlines alone, {kind}, rate / memcpy's", copied / searched, None)
    return say(f"UTF-8 validated and split, {kind}, rate / memcpy's", copied / split, 0.7)


def say(what, ratio, bar):
    met = bar is None or ratio >= bar
    word = "      " if bar is None else "met   " if met else "MISSED"
    print(f"{word} {what}: {ratio:.2f}" + (f" (bar >= {bar})" if bar else ""))
    return met


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mib", type=int, default=64)
    options = parser.parse_args()
    text = text_of(options.mib << 20)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        for kind, content in (("ASCII", plain(text)), ("letters beyond ASCII", text)):
            path.write_text(content, encoding="utf-8")
            good &= compare_memory(options.program, path, options.rounds, kind)
        for encoding, judged in LOGS:
            path.write_text(text, encoding=encoding)
            ours, pythons = compare(options.program, path, encoding, options.rounds)
            good &= say(f"{encoding} read line by line, rate / CPython's", pythons / ours,
                        1.0 if judged else None)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
