#!/usr/bin/env python3
"""Cancelling: the caller of a call that hangs is back at once, and nothing is lost or leaked."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import binary, faultfs, isolate  # noqa: E402
from support.programs import backends, note, run_probe, soak  # noqa: E402
from support.report import Reporter  # noqa: E402

LATENCY_LIMIT_US = 50_000
# A processor that somebody else holds delays a caller, too; then the measurement is repeated.
TRIES = 3
CANCELS_OF_EACH_CALL = 400 if soak() else 40
PARKED_READS = 20_000 if soak() else 2000
PARKED_READ_BYTES = 64 * 1024
# No more can be inside the kernel: the threads of the pool, and what one ring holds.
MOST_PARKED = 2048 + 512
OPENS = 10_000 if soak() else 1000
STREAM_BYTES = (256 if soak() else 16) << 20
LEAST_STREAM_CANCELS = 100
TIMEOUT_S = 900 if soak() else 120


def probe(backend, what, *words, direct=True):
    with faultfs(binary("faultfs"), direct=direct) as mirror:
        return run_probe("cancel_probe", f"--do={what}", f"--mount={mirror.path}", *words,
                         backend=backend, timeout_s=TIMEOUT_S)


def caller_is_back_soon(backend):
    for _ in range(TRIES):
        figures = probe(backend, "latency", f"--count={CANCELS_OF_EACH_CALL}")
        note(f"cancel ({backend}): {figures.brief('all_count', 'all_median_us', 'all_p99_us')}, "
             f"{figures.brief('all_max_us', 'held_by_daemon', 'parked')}")
        if figures.last("all_p99_us") <= LATENCY_LIMIT_US:
            break
    assert figures.last("all_p99_us") <= LATENCY_LIMIT_US
    assert figures.last("held_by_daemon") > 0, "nothing was inside the kernel"


def parked_is_seen_and_bounded(backend):
    figures = probe(backend, "parked", f"--count={PARKED_READS}")
    note(f"{PARKED_READS} reads given up ({backend}): "
         f"{figures.brief('peak_parked', 'peak_parked_bytes', 'held_by_daemon')}")
    peak = figures.last("peak_parked")
    assert 0 < peak <= MOST_PARKED, peak
    assert figures.last("peak_parked_bytes") == peak * PARKED_READ_BYTES
    assert figures.last("parked") == figures.last("held_by_daemon")


def no_descriptor_leaks(backend):
    figures = probe(backend, "opens", f"--count={OPENS}")
    note(f"{OPENS} opens ({backend}): {figures.brief('cancelled', 'began_at_daemon', 'leaked')}")
    assert figures.last("cancelled") > OPENS // 2
    assert figures.last("began_at_daemon") > OPENS // 10, "too few were cancelled in flight"
    assert figures.last("leaked") == 0


def each_byte_comes_once(backend, direct):
    figures = probe(backend, "stream", f"--bytes={STREAM_BYTES}", direct=direct)
    note(f"stream ({backend}, {'direct' if direct else 'cached'}): {figures.brief('cancelled')}")
    assert figures.last("cancelled") >= LEAST_STREAM_CANCELS, "too few reads were cancelled"


def main():
    isolate()
    report = Reporter()
    for backend in backends(report, "cancellation"):
        for case in (caller_is_back_soon, parked_is_seen_and_bounded, no_descriptor_leaks):
            with report.case(f"{case.__name__} ({backend})"):
                case(backend)
        for direct in (True, False):
            with report.case(f"each_byte_comes_once ({backend}, {direct=})"):
                each_byte_comes_once(backend, direct)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
