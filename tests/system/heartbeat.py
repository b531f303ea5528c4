#!/usr/bin/env python3
"""The loop is never held: a heartbeat of 1 ms keeps time while files are slow, hung or large.

The p99.9 of the lateness may exceed that of an idle loop of the same round by 5 ms at most, in the
median over the rounds. A scenario that does not keep to it gets further batches of rounds, since
a busy machine stalls an idle loop just as well; one that holds the loop fails them all.

On a machine whose idle loop is already late only the lateness that is not explained by waiting
for a processor is judged (tests/tools/probe/event_loop.hpp); on a quiet one, all of it.
"""

import contextlib
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import binary, faultfs, isolate  # noqa: E402
from support.programs import backends, disk_folder, note, run_probe, soak  # noqa: E402
from support.report import Reporter  # noqa: E402

LIMIT_US = 5000
# An idle loop that is this punctual shows that processors are free, so nothing is excused.
QUIET_US = 1000
BATCHES = 4
ROUNDS, PHASE_MS = (9, 2000) if soak() else (3, 400)
BIG_MIB = 400
SLOW_FILE_MIB = 32
LINE = "%09d the quick brown fox jumps over the lazy dog, and the dog does not mind at all %d\n"

# In the order in which the probe has them.
SCENARIOS = (
    "slow_direct", "slow_cached", "fifo_open", "fifo_read", "hung", "slow_calls", "cold_lines",
    "cold_depth_64", "readline", "next_lines", "read_whole", "pieces_depth_64", "write_sync",
)
# In these nothing ends on purpose.
NOTHING_ENDS = ("slow_direct", "slow_cached", "fifo_open", "fifo_read", "hung", "read_whole")


def write_big_file(path):
    part = "".join(LINE % (number, number % 977) for number in range(10000)).encode()
    with open(path, "wb") as file:
        while file.tell() < BIG_MIB << 20:
            file.write(part)


def excess(figures, scenario, kind):
    """How much later than the idle loop, in the median over the rounds, in microseconds."""
    rounds = zip(figures.all(f"{scenario}_{kind}_us"), figures.all(f"idle_{kind}_us"))
    return statistics.median(busy - idle for busy, idle in rounds)


def keeps_time(figures, scenario):
    kind = "raw" if figures.median("idle_raw_us") <= QUIET_US else "own"
    return excess(figures, scenario, kind) <= LIMIT_US


def judge(report, backend, scenario, places):
    """Further batches for a scenario that did not keep time in the first."""
    for _ in range(BATCHES - 1):
        figures = run_probe("heartbeat_probe", *places, f"--only={scenario}", backend=backend,
                            timeout_s=600)
        if keeps_time(figures, scenario):
            return report.passed(f"{scenario} ({backend})")
    late = {kind: excess(figures, scenario, kind) / 1000 for kind in ("raw", "own")}
    return report.failed(f"{scenario} ({backend})", f"{late['raw']:.1f} ms later than the idle "
                         f"loop, {late['own']:.1f} ms without waits for a processor")


def run(report, backend, places):
    figures = run_probe("heartbeat_probe", *places, backend=backend, timeout_s=1800)
    for scenario in SCENARIOS:
        note(f"{scenario} ({backend}): p99.9 {figures.median(f'{scenario}_raw_us') / 1000:.2f} ms, "
             f"idle {figures.median('idle_raw_us') / 1000:.2f} ms; less waits for a processor "
             f"{figures.median(f'{scenario}_own_us') / 1000:.2f}, idle "
             f"{figures.median('idle_own_us') / 1000:.2f}; "
             f"{figures.last(f'{scenario}_ops')} operations")
        with report.case(f"{scenario} works ({backend})"):
            assert scenario in NOTHING_ENDS or figures.last(f"{scenario}_ops") > 0
        if keeps_time(figures, scenario):
            report.passed(f"{scenario} ({backend})")
        else:
            judge(report, backend, scenario, places)


def main():
    isolate()
    report = Reporter()
    with report.case("places"), contextlib.ExitStack() as stack:
        disk = stack.enter_context(disk_folder())
        direct = stack.enter_context(faultfs(binary("faultfs")))
        cached = stack.enter_context(faultfs(binary("faultfs"), direct=False))
        for mirror in (direct, cached):
            (mirror.backing / "data").write_bytes(bytes(SLOW_FILE_MIB << 20))
            (mirror.backing / "hung_open").touch()
        write_big_file(disk / "big")
        places = (f"--disk={disk}", f"--direct={direct.path}", f"--cached={cached.path}",
                  f"--big={disk / 'big'}", f"--rounds={ROUNDS}", f"--phase-ms={PHASE_MS}")
        for backend in backends(report, "heartbeat"):
            with report.case(f"heartbeat_probe ({backend})"):
                run(report, backend, places)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
