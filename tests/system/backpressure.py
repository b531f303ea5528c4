#!/usr/bin/env python3
"""A program that writes faster than its disk waits for it, and does not fill the memory.

A million writes in a long run, at a disk of 1 MiB/s. One after the other they cost two blocks of
1 MiB. All begun at once each costs its caller what it holds, and the library nothing more.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import isolate  # noqa: E402
from support.programs import backends, note, run_probe, soak  # noqa: E402
from support.report import Reporter  # noqa: E402
from support.throttled import loop_in_group, mirror_with_delays, throttled_disk  # noqa: E402

WRITES = 1_000_000 if soak() else 40_000
BYTES_PER_S = 1 << 20
RECORD_BYTES = 64
BLOCKS_KIB = 2 * 1024
# Threads of the pool, the ring, the allocator.
BESIDE_KIB = 512
# A write() that waits: the call, its data, and the two coroutines of its caller.
QUEUED_BYTES = 832
TOLERANCE = 1.1
TIMEOUT_S = 900


def limit_kib(how):
    queued = WRITES * QUEUED_BYTES // 1024 if how == "queued" else 0
    return int((BLOCKS_KIB + BESIDE_KIB + queued) * TOLERANCE)


def memory_is_bounded(backend, how, disk):
    figures = run_probe("backpressure_probe", f"--file={disk.path / 'file'}", f"--how={how}",
                        f"--count={WRITES}", backend=backend, wrapper=disk.wrapper,
                        timeout_s=TIMEOUT_S)
    note(f"{WRITES} {how} ({backend}, {disk.how}): {figures.brief('peak_kib', 'elapsed_ms')}, "
         f"limit {limit_kib(how)}")
    assert figures.last("peak_kib") <= limit_kib(how)
    unthrottled_ms = 1000 * WRITES * RECORD_BYTES // BYTES_PER_S
    assert figures.last("elapsed_ms") > unthrottled_ms // 2, "the disk was not slow: no proof"


def main():
    isolate()
    report = Reporter()
    places = (loop_in_group, mirror_with_delays) if soak() else (throttled_disk,)
    for backend in backends(report, "backpressure"):
        for place in places:
            for how in ("awaited", "queued"):
                with report.case(f"{how} ({backend}, {place.__name__})"):
                    with place(BYTES_PER_S) as disk:
                        memory_is_bounded(backend, how, disk)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
