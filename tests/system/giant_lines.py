#!/usr/bin/env python3
"""Lines of a gigabyte: memory in proportion to the line, or to the limit; what follows is intact.

A line of 1 GiB in a long run, of 128 MiB else. The factors are those of the manual: readline()
needs the line and the buffer that it stands in, next_lines() the buffer alone.
"""

import gzip
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import binary  # noqa: E402
from support.programs import backends, disk_folder, note, run_probe, soak  # noqa: E402
from support.report import Reporter  # noqa: E402

MIB = 1024 if soak() else 128
# No power of two, to which buffers grow.
ODD_MIB = 700 if soak() else 90
BESIDE_MIB = 16
LOGAGG_MIB = 64

# Name: how it is read, how it was made, MiB, the most memory in bytes for each byte of text.
LINES = {
    "readline": ("readline", (), MIB, 2),
    "readline, odd size": ("readline", (), ODD_MIB, 2),
    "readline in binary": ("readline", ("--mode=rb",), MIB, 2),
    "readline without an end": ("readline", ("--end=none",), MIB, 2),
    "readline of two bytes a character": ("readline", ("--encoding=utf-16-le",), MIB // 4, 4),
    "next_lines": ("next_lines", (), MIB, 2),
    "next_lines, odd size": ("next_lines", (), ODD_MIB, 2),
    "next_lines with two terminators": ("next_lines", ("--end=crlf",), MIB, 2),
    "readline with a limit": ("limit", (), MIB, 0),
    "readline with a limit, two terminators": ("limit", ("--end=crlf",), MIB, 0),
    "readline with a limit, without an end": ("limit", ("--end=none",), MIB, 0),
    "readline with a limit, two bytes": ("limit", ("--encoding=utf-16-le",), MIB // 4, 0),
}


def check_lines(report, name, folder, working):
    how, options, mib, factor = LINES[name]
    words = [*options, f"--file={folder / 'lines'}", f"--mib={mib}"]
    run_probe("line_probe", "--do=make", *words)
    for backend in working:
        with report.case(f"{name} ({backend})"):
            figures = run_probe("line_probe", f"--do={how}", *words, backend=backend,
                                timeout_s=120)
            peak = figures.last("peak_kib") >> 10
            note(f"{name}, {mib} MiB ({backend}): {peak} MiB")
            assert peak <= factor * mib + BESIDE_MIB, f"{peak} MiB for a line of {mib} MiB"


def write_log(file):
    """A line of MIB MiB, a match within it and others before and behind."""
    file.write(b"2026-05-07 11:00:00 ERROR before\n2026-05-07 11:00:01 INFO ")
    for _ in range(MIB):
        file.write(b"x" * (1 << 20))
    file.write(b"\n")
    for number in range(5000):
        file.write(b"2026-05-07 11:00:02 %s behind, line %d\n" % (
            b"INFO" if number % 5 else b"ERROR", number))


def expected_report(name):
    lines = ["ERROR before"]
    lines += [f"ERROR behind, line {number}" for number in range(0, 5000, 5)]
    times = ["11:00:00"] + ["11:00:02"] * (len(lines) - 1)
    head = [f"Error Report -- {len(lines)} errors found", "=" * 50]
    body = [f"[{name}] 2026-05-07 {time} {line}" for time, line in zip(times, lines)]
    return "\n".join([*head, *body, ""]).encode()


def check_log(folder, name, backend):
    child = subprocess.Popen([binary("logagg").resolve(), "-o", "report.txt", name], cwd=folder,
                             env={**os.environ, "RINGFILES_BACKEND": backend})
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss >> 10
    note(f"{name} with a line of {MIB} MiB ({backend}): {peak} MiB")
    assert child.returncode == 0, child.returncode
    assert (folder / "report.txt").read_bytes() == expected_report(name), "another report"
    assert peak <= LOGAGG_MIB, f"{peak} MiB"


def main():
    report = Reporter()
    working = backends(report, "giant_lines")
    with disk_folder() as folder:
        for name in LINES:
            check_lines(report, name, folder, working)
        (folder / "lines").unlink()
        for name, opening in {"giant.log": open, "giant.log.gz": gzip.open}.items():
            with opening(folder / name, "wb") as file:
                write_log(file)
            for backend in working:
                with report.case(f"logagg on {name} ({backend})"):
                    check_log(folder, name, backend)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
