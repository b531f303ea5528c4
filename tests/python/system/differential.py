#!/usr/bin/env python3
"""Random sequences of calls, on files of ringfiles and on built-in ones: there is no difference.

Each sequence is made from a number, its seed: mode, options, content, calls. Whatever a program can
see is compared after each call: values, errors, and the bytes of the file. What differs is made as
small as it can be, and printed as a program.

    differential.py                      # 24,000 sequences; a million with RINGFILES_SOAK=1
    differential.py --sequences 200000 --from 1000000
    differential.py --seed 4711          # that one again

What is compared how is in tests/python/differential: `generate` makes the sequences, `territory`
keeps them out of where CPython promises nothing, `differences` has the deliberate ones.
"""

import argparse
import asyncio
import mmap
import os
import pathlib
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "system")]

from support.programs import note, soak
from support.report import Reporter

from differential.generate import plan_of
from differential.run import Folders, Run
from differential.shrink import program, shrunk, table_entry

SEQUENCES = 1_000_000 if soak() else 20_000
# A tenth as many where reads may have to wait, and again with threads in the place of io_uring.
SHARE_ON_DISK = 10
MEMORY = "/dev/shm"
PATIENCE_S = 60  # for one sequence
MOST_TOLD = 5


class Counts:
    """Of a child process, seen by its parent if that dies: seed, sequences, steps, failures."""

    FORM = struct.Struct("4q")

    def __init__(self):
        self._shared = mmap.mmap(-1, self.FORM.size)

    def get(self):
        return self.FORM.unpack_from(self._shared)

    def put(self, *values):
        self.FORM.pack_into(self._shared, 0, *values)


def key_of(difference):
    return difference and (difference.step[0], difference.ours[0], difference.theirs[0])


async def tell(folders, seed, plan, found):
    """The smallest plan that differs in the same way, as a program and for the table of tests."""
    async def fails(candidate):
        signal.alarm(PATIENCE_S)
        return key_of(await Run(folders, candidate).difference()) == key_of(found)

    small = await shrunk(plan, fails)
    print(f"seed {seed}:", program(small, await Run(folders, small).difference() or found),
          f"# {table_entry(small)}", sep="\n", flush=True)


async def sequences(folder, seeds, counts):
    warnings.simplefilter("ignore")  # of open(): both warn
    folders = Folders(folder)
    made = steps = failed = 0
    for seed in seeds:
        counts.put(seed, made, steps, failed)
        signal.alarm(PATIENCE_S)
        plan = plan_of(seed)
        run = Run(folders, plan)
        found = await run.difference()
        made, steps = made + 1, steps + run.steps
        if found:
            failed += 1
            if failed <= MOST_TOLD:
                await tell(folders, seed, plan, found)
            else:
                print(f"seed {seed}: {found.step}", flush=True)
    counts.put(seeds[-1], made, steps, failed)


def in_a_child(seeds, folder, backend):
    """A process of its own, since a defect may end it. Returns how it ended, and its counts."""
    counts = Counts()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        if backend:
            os.environ["RINGFILES_BACKEND"] = backend
        status = 1
        try:
            asyncio.run(sequences(folder, seeds, counts))
            status = 0
        except Exception:
            traceback.print_exc(file=sys.stdout)
        finally:  # none of what the parent has yet to do
            sys.stdout.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), counts.get()


def judge(name, seeds, parent, backend=None):
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfiles-", dir=parent) as folder:
        status, (seed, made, steps, failed) = in_a_child(seeds, folder, backend)
    note(f"{name}: seeds {seeds[0]} to {seeds[-1]}: {made} sequences, {steps} steps, "
         f"{failed} differences, {time.monotonic() - began:.0f} s")
    hint = f"replay with {HERE.name} --seed {seed}"
    assert status != -signal.SIGALRM, f"a sequence hangs: {hint}"
    assert status == 0, f"the process ended with {status}: {hint}"
    assert failed == 0, f"{failed} of {made} sequences differ, see above"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--sequences", type=int, default=SEQUENCES)
    arguments.add_argument("--from", dest="first", type=int, default=0)
    arguments.add_argument("--seed", type=int)
    given, _ = arguments.parse_known_args()
    report = Reporter()
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    if given.seed is not None:
        with report.case(f"sequence {given.seed}"):
            judge("one", range(given.seed, given.seed + 1), memory)
        return report.exit_status()
    behind = given.first + given.sequences
    some = max(1, given.sequences // SHARE_ON_DISK)
    with report.case("sequences in memory"):
        judge("in memory", range(given.first, behind), memory)
    with report.case("sequences on disk"):
        judge("on disk", range(behind, behind + some), None)
    with report.case("sequences on disk, by threads"):
        judge("on disk, by threads", range(behind + some, behind + 2 * some), None, "threads")
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
