#!/usr/bin/env python3
"""Times the Python package beside the built-in files and beside aiofiles, and prints each bar.

    PYTHONPATH=$(scripts/python-build) bench/python_report.py [--only lines,write] [--json]

The three take turns in every round, and a ratio is one of medians of this run: how many times as
many operations a second. Figures of different runs do not compare. aiofiles gets fewer operations,
since it would take hours; all times are for one operation. Without aiofiles its columns stay empty.
The files lie in a folder below --dir, which is removed again. Exit status 1 when a bar was missed.

What is cold was dropped from the page cache before each run; for root the whole machine's caches
are dropped, so that names and inodes are cold too (--no-drop-caches: not that).
"""

import argparse
import asyncio
import gc
import importlib
import json
import os
import platform
import statistics
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import python_works as works
from python_works import MIB, Library, seconds_each


@dataclass
class Sizes:
    """How much is done, by the built-in files and ringfiles, and by aiofiles."""

    text_bytes: int = 80_000_000
    text_bytes_of_aiofiles: int = 500_000
    blocks_bytes_of_aiofiles: int = 8_000_000
    whole_bytes: int = 80_000_000
    writes: int = 200_000
    writes_of_aiofiles: int = 5_000
    opens: int = 2_000
    opens_of_aiofiles: int = 500
    stats: int = 20_000
    stats_of_aiofiles: int = 2_000
    cold_files: int = 10_000
    cold_files_of_aiofiles: int = 10_000
    logs: int = 64
    logs_bytes: int = 1024 * MIB
    logs_bytes_of_aiofiles: int = 4 * MIB
    drop_caches: bool = True


# Tiny: it shows that the works work, and nothing else.
QUICK = Sizes(
    text_bytes=100_000, text_bytes_of_aiofiles=10_000, blocks_bytes_of_aiofiles=50_000,
    whole_bytes=100_000, writes=500, writes_of_aiofiles=50, opens=20, opens_of_aiofiles=10,
    stats=50, stats_of_aiofiles=20, cold_files=30, cold_files_of_aiofiles=30, logs=4,
    logs_bytes=200_000, logs_bytes_of_aiofiles=20_000, drop_caches=False)


class Contest:
    """The works, each by its name: seconds for one operation, by one library."""

    def __init__(self, folder, sizes):
        self.folder = folder
        self.sizes = sizes
        self.reports = {}

    def size(self, library, name):
        return getattr(self.sizes, name + "_of_aiofiles" * (library.name == "aiofiles"))

    def text(self, size):
        return works.make_log(self.folder / f"text-{size}", size)

    def lines(self, library):
        path = self.text(self.size(library, "text_bytes"))
        return seconds_each(library, works.iterate, library.open, path)

    def readline(self, library):
        path = self.text(self.size(library, "text_bytes"))
        return seconds_each(library, works.read_by_line, library.open, path)

    def read(self, library):
        is_sample = library.name == "aiofiles"
        path = self.text(
            self.sizes.blocks_bytes_of_aiofiles if is_sample else self.sizes.text_bytes)
        return seconds_each(library, works.read_by_block, library.open, path)

    def write(self, library):
        path = self.folder / "written"
        count = self.size(library, "writes")
        seconds = seconds_each(library, works.write_by_line, library.open, path, count)
        if path.stat().st_size != count * len(works.HUNDRED):
            raise ValueError(f"{library.name} wrote {path.stat().st_size} bytes")
        path.unlink()  # the next one finds no file to truncate
        return seconds

    def small(self, library):
        paths = works.make_small_files(self.folder / "small", self.sizes.opens)
        return seconds_each(library, works.read_each, library.open,
                            paths[:self.size(library, "opens")])

    def gathered(self, library):
        """No bar beside the built-in files, which read one after the other."""
        paths = works.make_small_files(self.folder / "small", self.sizes.opens)
        return seconds_each(library, works.read_all_at_once, library.open, paths,
                            sync=works.twin_of(works.read_each))

    def whole(self, library):
        return seconds_each(
            library, works.read_whole, library.open, self.text(self.sizes.whole_bytes))

    def stat(self, library):
        path = self.text(self.sizes.text_bytes_of_aiofiles)
        return seconds_each(
            library, works.ask_status, library.stat, path, self.size(library, "stats"))

    def cold(self, library):
        paths = works.make_small_files(self.folder / "cold", self.sizes.cold_files)
        paths = paths[:self.size(library, "cold_files")]
        works.make_cold(paths, self.sizes.drop_caches)
        return seconds_each(library, works.read_all_at_once, library.open, paths,
                            sync=works.twin_of(works.read_each))

    def aggregator(self, library):
        size = self.size(library, "logs_bytes")
        logs = works.make_logs(self.folder / f"logs-{size}", size, self.sizes.logs)
        report = self.folder / "report.txt"
        seconds, _ = works.time_of(library, works.aggregate, works.article(library), logs, report,
                                   sync=works.aggregate_without_a_loop)
        made = report.read_bytes()
        if self.reports.setdefault(size, made) != made:
            raise ValueError(f"the report of {library.name} differs")
        return seconds / (sum(log.stat().st_size for log in logs) / MIB)


@dataclass
class Row:
    """One line of the table: how many times as fast it is to be as each of the two."""

    name: str
    work: str
    unit: str
    bar_of_sync: float | None
    bar_of_aiofiles: float | None
    is_judged: bool = True


ROWS = [
    Row("lines", "async for line, UTF-8 text", "line", 0.9, 1000),
    Row("readline", "await readline(), UTF-8 text", "line", 0.6, 500),
    Row("read", "await read(4096), binary", "read", 0.7, 200),
    Row("write", "await write(100 characters)", "write", 0.7, 300),
    Row("small", "open, read 4 KiB, exit", "file", 0.3, 30),
    Row("gathered", "the same, 2,000 gathered", "file", None, 20),
    Row("whole", "a whole text file of 80 MB", "file", 1.0, 1.0),
    Row("stat", "os.stat (not judged)", "call", 0.2, 20, is_judged=False),
    Row("cold", "10,000 cold 4 KiB files, gathered", "file", 3, 5),
    Row("aggregator", "the article's aggregator, 64 logs", "MiB", 0.8, 150),
]


def measure(contest, row, libraries, rounds):
    """{library: seconds for one operation, of each round}. The order changes with the rounds."""
    times = {library.name: [] for library in libraries}
    for number in range(rounds + 1):
        for library in libraries if number % 2 == 0 else reversed(libraries):
            gc.collect()
            seconds = getattr(contest, row.name)(library)
            if number > 0:  # the first round makes the files and warms the caches
                times[library.name].append(seconds)
    return times


def judge(row, times, is_quick):
    """What --json prints of a row."""
    medians = {name: statistics.median(rounds) for name, rounds in times.items()}
    ratios = {name: medians[name] / medians["ringfiles"] for name in medians
              if name != "ringfiles"}
    bars = {"sync": row.bar_of_sync, "aiofiles": row.bar_of_aiofiles}
    missed = [name for name, ratio in ratios.items()
              if bars[name] is not None and ratio < bars[name]]
    verdict = "-" if is_quick or not row.is_judged else "below" if missed else "ok"
    return {"name": row.name, "work": row.work, "unit": row.unit, "seconds_each": medians,
            "rounds": times, "ratios": ratios, "bars": bars, "verdict": verdict}


def in_words(seconds):
    for unit, factor in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def in_short(ratio):
    return "" if ratio is None else f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.2f}"


COLUMNS = "{:<34} {:<6} {:>9} {:>9} {:>9} {:>8} {:>5} {:>10} {:>6} {}"
HEADINGS = ("work", "for a", "sync", "ringfiles", "aiofiles", "/sync", "bar", "/aiofiles", "bar",
            "")


def print_row(found):
    times, ratios, bars = found["seconds_each"], found["ratios"], found["bars"]
    shown = [in_words(times[name]) if name in times else "" for name in
             ("sync", "ringfiles", "aiofiles")]
    bar_of_sync, bar_of_aiofiles = ("" if bars[name] is None else f"{bars[name]:,g}" for name in
                                    ("sync", "aiofiles"))
    print(COLUMNS.format(
        found["work"], found["unit"], *shown, in_short(ratios.get("sync")), bar_of_sync,
        in_short(ratios.get("aiofiles")), bar_of_aiofiles, found["verdict"]), flush=True)


def print_head(options):
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, "
          f"{asyncio.get_event_loop_policy().__class__.__module__.split('.')[0]}'s loop, "
          f"medians of {options.rounds} interleaved rounds. aiofiles gets fewer operations; all "
          "times are for one.")
    print(COLUMNS.format(*HEADINGS).rstrip())


def library(name):
    module = importlib.import_module(name)
    importlib.import_module(name + ".os")
    return Library(name, module)


def libraries_here():
    found = [Library("sync", None), library("ringfiles")]
    try:
        return [*found, library("aiofiles")]
    except ModuleNotFoundError:
        return found


def names_of(text):
    names = text.split(",")
    unknown = set(names) - {row.name for row in ROWS}
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
    return names


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", type=names_of, metavar="NAME,...",
                        help="of " + ", ".join(row.name for row in ROWS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mib", type=int, help="size of the aggregator's logs together (1024)")
    parser.add_argument("--dir", default="/var/tmp", help="where the files are made (a disk)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, nothing is judged")
    parser.add_argument("--json", action="store_true", help="the table for programs")
    parser.add_argument("--uvloop", action="store_true", help="on uvloop")
    parser.add_argument("--no-drop-caches", action="store_true",
                        help="of the cold files, drop the pages only")
    return parser.parse_args()


def sizes_of(options):
    sizes = QUICK if options.quick else Sizes()
    if options.mib is not None:
        sizes = replace(sizes, logs_bytes=options.mib * MIB)
    return replace(sizes, drop_caches=sizes.drop_caches and not options.no_drop_caches)


def main():
    options = parse_arguments()
    if options.uvloop:
        import uvloop
        uvloop.install()
    works.allow_many_descriptors()
    libraries = libraries_here()
    if not options.json:
        print_head(options)
    results = []
    for row in ROWS:
        if options.only and row.name not in options.only:
            continue
        with tempfile.TemporaryDirectory(prefix="ringfiles-bench-", dir=options.dir) as folder:
            contest = Contest(Path(folder), sizes_of(options))
            times = measure(contest, row, libraries, options.rounds)
        results.append(judge(row, times, options.quick))
        if not options.json:
            print_row(results[-1])
    if options.json:
        print(json.dumps({"python": platform.python_version(), "rounds": options.rounds,
                          "works": results}, indent=2))
    return 1 if any(found["verdict"] == "below" for found in results) else 0


if __name__ == "__main__":
    sys.exit(main())
