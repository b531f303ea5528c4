#!/usr/bin/env python3
"""A file that hangs disturbs no other: hung reads, opens and FIFOs by the thousand, and beside
them files on a disk, on another mount and on the very mount that hangs, each read in time.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import binary, faultfs, isolate  # noqa: E402
from support.programs import backends, disk_folder, note, run_probe, soak  # noqa: E402
from support.report import Reporter  # noqa: E402

LIMIT_US = 50_000
# A busy machine may keep a punctual thread waiting for as long; then the whole case is repeated.
TRIES = 3
SAMPLES = 1000 if soak() else 100

# What hangs, how many of it. Each of the FIFOs costs a look at it every 20 ms, no thread.
CASES = [
    ("fuse_read", 8), ("fuse_read", 64), ("fuse_read", 1000), ("fuse_files", 64),
    ("fuse_files", 1000), ("fuse_open", 64), ("fuse_open", 1000), ("fuse_status", 1000),
    ("fifo_read", 64), ("fifo_read", 1000), ("fifo_write", 64), ("fifo_write", 1000),
]
# Beyond the bound of the pool the mount that hangs may stand still, no other may.
POOL_BOUND = 2048
BEYOND = [("fuse_read", 3000)]
EVERYWHERE = ("disk_cold", "disk_cached", "other_mount", "same_mount")


def measure(backend, kind, count, places):
    with disk_folder() as disk, faultfs(binary("faultfs")) as mirror, \
            faultfs(binary("faultfs")) as other:
        return run_probe("isolation_probe", f"--hung={kind}", f"--count={count}",
                         f"--disk={disk}", f"--mount={mirror.path}", f"--other={other.path}",
                         f"--samples={SAMPLES}", f"--places={','.join(places)}",
                         backend=backend, timeout_s=300)


def slowest(figures, places):
    """(p99 in microseconds, what it is of), the slowest read."""
    names = [f"{place}_{what}" for place in places for what in ("read", "visit")]
    return max((figures.last(f"{name}_p99_us"), name) for name in names)


def check(backend, kind, count, places):
    for attempt in range(1, TRIES + 1):
        figures = measure(backend, kind, count, places)
        p99, name = slowest(figures, places)
        note(f"{count} x {kind} ({backend}): slowest p99 {p99 / 1000:.2f} ms ({name}), "
             f"disk_cold_read {figures.brief('disk_cold_read_median_us', 'disk_cold_read_p99_us')}")
        if p99 < LIMIT_US:
            break
    assert p99 < LIMIT_US, f"{name}: p99 {p99 / 1000:.1f} ms in try {attempt}"
    if kind.startswith("fuse") and count <= POOL_BOUND:
        assert figures.last("held_by_daemon") == count, "not all of them hang"


def main():
    isolate()
    report = Reporter()
    for backend in backends(report, "isolation"):
        for kind, count in CASES:
            with report.case(f"{count} x {kind} ({backend})"):
                check(backend, kind, count, EVERYWHERE)
        for kind, count in BEYOND:
            with report.case(f"{count} x {kind}, other mounts ({backend})"):
                check(backend, kind, count, EVERYWHERE[:3])
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
