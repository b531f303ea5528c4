#!/usr/bin/env python3
"""A program ends in time although 64 of its calls hang: engine destroyed first, last or never.

What hangs here ends when the caller is killed, as on a mount that honours interrupts. Nothing that
a program does ends a call on a deaf one; its process stays until the mount is aborted.
"""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import binary, faultfs, isolate  # noqa: E402
from support.programs import Figures, backends, how_it_ended, note, soak  # noqa: E402
from support.report import Reporter, run_program  # noqa: E402

CALLS = 64
TIMEOUT_S = 30
# From the moment in which the program wants to end.
LIMIT_MS = 1000
# Accepted writes are waited for, when the engine is destroyed, for 5 s (engine.hpp).
LIMIT_OF_WRITES_MS = 6000
HUNG = ("reads", "opens", "syncs", "closes", "writes", "mixed")
ENDS = ("engine_first", "tasks_first", "files_first", "exit", "exit_in_task", "exit_static",
        "thread")
# These destroy no engine.
ABRUPT = ("exit", "exit_in_task", "thread")


def end_of(backend, hung, how):
    """(milliseconds until the process was gone, its figures)."""
    with faultfs(binary("faultfs")) as mirror:
        status, output = run_program(
            [binary("shutdown_probe"), f"--backend={backend}", f"--mount={mirror.path}",
             f"--hung={hung}", f"--end={how}", f"--count={CALLS}"], timeout=TIMEOUT_S)
        gone_ns = time.monotonic_ns()
    figures = Figures(output)
    assert status == 0, f"{how_it_ended(status, TIMEOUT_S)}: {output[-300:]}"
    return (gone_ns - figures.last("ending_at_ns")) / 1e6, figures


def ends_in_time(backend, hung, how):
    took_ms, figures = end_of(backend, hung, how)
    if "in_flight" in figures:
        assert figures.last("in_flight") == CALLS, f"only {figures.last('in_flight')} hang"
    waits = hung in ("writes", "mixed") and how not in ABRUPT
    assert took_ms <= (LIMIT_OF_WRITES_MS if waits else LIMIT_MS), f"{took_ms:.0f} ms"
    return took_ms


def selected():
    """All pairs; in a short run each of both once at least, and one wait for writes."""
    if soak():
        return [(hung, how) for hung in HUNG for how in ENDS]
    pairs = [("reads", how) for how in ENDS] + [(hung, "exit") for hung in HUNG[1:]]
    return pairs + [(hung, "engine_first") for hung in HUNG[1:] if hung != "writes"]


def main():
    isolate()
    report = Reporter()
    for backend in backends(report, "shutdown"):
        longest = {}
        for hung, how in selected():
            with report.case(f"{hung}, {how} ({backend})"):
                longest[hung] = max(longest.get(hung, 0), ends_in_time(backend, hung, how))
        note(f"{CALLS} hung calls ({backend}), longest end: " +
             ", ".join(f"{hung} {took:.0f} ms" for hung, took in longest.items()))
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
