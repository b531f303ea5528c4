#!/usr/bin/env python3
"""Copies through a file system that cuts each read and write to between 1 and 4096 bytes.

The kernel's page cache stands beside it (--direct), so the library sees each cut. Larger counts in
memory: ringfiles_unit_tests --gtest_filter='ShortTransfers*'.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import binary, faultfs, isolate  # noqa: E402
from support.programs import backends, note, run_probe, soak  # noqa: E402
from support.report import Reporter  # noqa: E402

# Mebibytes and runs: 100 small copies and a large one in a long run.
ROUNDS = ((16, 100), (1024, 1)) if soak() else ((4, 4),)
MOST_BYTES = 4096
TIMEOUT_S = 3600


def copies_are_the_same(backend, mib, runs):
    with faultfs(binary("faultfs"), direct=True) as mirror:
        (mirror.backing / "source").write_bytes(os.urandom(mib << 20))
        mirror.control(f"clear\nread short=1-{MOST_BYTES} 1 {1 << 60}\n"
                       f"write short=1-{MOST_BYTES} 1 {1 << 60}")
        figures = run_probe("copy_probe", f"--source={mirror.path / 'source'}",
                            f"--target={mirror.path / 'target'}",
                            f"--plain={mirror.backing / 'target'}", f"--runs={runs}",
                            backend=backend, timeout_s=TIMEOUT_S)
        reads, writes = mirror.counters()
    note(f"{runs} copies of {mib} MiB ({backend}): {reads.hit} reads, {writes.hit} writes")
    assert figures.last("bytes") == runs * mib << 20
    least = figures.last("bytes") // MOST_BYTES
    assert min(reads.hit, writes.hit) > least, "the transfers were not cut: no proof"


def main():
    isolate()
    report = Reporter()
    for backend in backends(report, "short_io"):
        for mib, runs in ROUNDS:
            with report.case(f"{runs} copies of {mib} MiB ({backend})"):
                copies_are_the_same(backend, mib, runs)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
