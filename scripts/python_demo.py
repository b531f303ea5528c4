#!/usr/bin/env python3
"""Runs the article's log aggregator on aiofiles and on ringfiles, and prints both times.

The program is the article's, unchanged, `import aiofiles` and all; for ringfiles that import is
answered by ringfiles.install(). Only the logs are larger than the three of its main(). Each
library has a process of its own. Both reports must be identical.

aiofiles takes minutes for the default size, so it gets the first part of each log, unless --full
is given, and the two are compared by lines a second.
"""

import argparse
import asyncio
import contextlib
import hashlib
import importlib.util
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples/python/log_aggregator.py"
LOGS = ROOT / "build/python/demo-logs"
MIB = 1 << 20
SAMPLE_MIB = 8           # what aiofiles gets by default: some seconds
LINES_FOR_AN_ERROR = 1000
LINES_A_SECOND = 500     # by the clock of the logs


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/demo --python",
                                     description=__doc__.split("\n")[0])
    parser.add_argument("--mib", type=int, default=256, help="size of all logs together")
    parser.add_argument("--files", type=int, default=64)
    parser.add_argument("--full", action="store_true", help="aiofiles reads all of it, too")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def log_lines(file):
    """The lines of one log, without end: those of bench/sample_log.cpp, and an error at times."""
    for i in itertools.count():
        minutes, second = divmod(i // LINES_A_SECOND, 60)
        hour, minute = divmod(8 * 60 + minutes, 60)
        stamp = f"2026-05-07 {hour % 24:02}:{minute:02}:{second:02}"
        if (i + file * 7) % LINES_FOR_AN_ERROR == 0:
            yield f"{stamp} ERROR worker {100000 + i} lost its connection to shard {file}\n"
        yield (f"{stamp} INFO worker {100000 + i % 900000} handled request in 12ms"
               f" for user {1000 + i % 9000}\n")


def make_logs(folder, mib, files):
    """Writes them unless they are there. Both libraries find them in the page cache."""
    for file in range(files):
        path = folder / f"service_{file:02}.log"
        wanted = mib * MIB // files
        if not path.exists() or not wanted <= path.stat().st_size < wanted + 200:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("w") as log:
                size = 0
                for line in log_lines(file):
                    log.write(line)
                    size += len(line)
                    if size >= wanted:
                        break
        path.read_bytes()
    return folder


def count_lines(folder):
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.log"))


def aggregate(program, folder, report):
    """The end of the article's main(), with these logs."""
    async def main():
        logs = sorted(folder.glob("*.log"))
        results = await asyncio.gather(*[program.extract_errors(log) for log in logs])
        all_errors = [item for sublist in results for item in sublist]
        all_errors.sort(key=lambda x: x[1][:19])
        await program.write_report(report, all_errors)
    start = time.perf_counter()
    asyncio.run(main())
    return time.perf_counter() - start


def child(library, folder, report):
    """Loads the program, which runs its own small main() once, and times it on the logs."""
    if library == "ringfiles":
        import ringfiles
        ringfiles.install()
    spec = importlib.util.spec_from_file_location("log_aggregator", "log_aggregator.py")
    program = importlib.util.module_from_spec(spec)
    with contextlib.redirect_stdout(io.StringIO()):
        spec.loader.exec_module(program)
    assert (program.aiofiles.__name__ == "ringfiles") == (library == "ringfiles")
    print(json.dumps(aggregate(program, Path(folder), report)))


def run(library, logs, scratch):
    """(seconds, digest of the report) of a process of its own."""
    report = scratch / f"{library}.txt"
    ran = subprocess.run([sys.executable, __file__, "--child", library, logs, report], cwd=scratch,
                         stdout=subprocess.PIPE, check=True)
    return json.loads(ran.stdout), hashlib.sha256(report.read_bytes()).hexdigest()


def say(library, seconds, mib, lines):
    print(f"  {library:<10} {mib:>6} MiB  {lines:>10,} lines  {seconds:>8.2f} s"
          f"  {lines / seconds:>12,.0f} lines/s", flush=True)
    return lines / seconds


def compare(options, scratch):
    whole = make_logs(LOGS / f"{options.mib}-MiB", options.mib, options.files)
    part_mib = options.mib if options.full else min(options.mib, SAMPLE_MIB)
    part = make_logs(LOGS / f"{part_mib}-MiB", part_mib, options.files)
    print(f"The article's log_aggregator.py, unchanged, on {options.files} logs, "
          f"Python {sys.version.split()[0]}, {os.cpu_count()} processors:")
    seconds, report = run("aiofiles", part, scratch)
    aiofiles_rate = say("aiofiles", seconds, part_mib, count_lines(part))
    own_seconds, own_report = run("ringfiles", part, scratch)
    rate = say("ringfiles", own_seconds, part_mib, count_lines(part))
    if report != own_report:
        print("demo: the reports differ", file=sys.stderr)
        return 1
    if part_mib != options.mib:
        rate = say("ringfiles", run("ringfiles", whole, scratch)[0], options.mib,
                   count_lines(whole))
        print(f"aiofiles got the first {part_mib} of {options.mib} MiB only, since all of it would "
              f"take it about {count_lines(whole) / aiofiles_rate:.0f} s (--full does it).")
    print(f"Identical reports; ringfiles reads {rate / aiofiles_rate:.0f} times as many lines a "
          "second.")
    return 0


def main():
    options = parse_arguments()
    if options.child:
        child(*options.child)
        return 0
    with tempfile.TemporaryDirectory(prefix="ringfiles-demo-") as folder:
        program = EXAMPLE.read_text().replace("import ringfiles as aiofiles\n", "import aiofiles\n")
        (Path(folder) / "log_aggregator.py").write_text(program)
        return compare(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
