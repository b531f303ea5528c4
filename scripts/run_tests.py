#!/usr/bin/env python3
"""Runs the tests in stages, each timed. Meant to be called through scripts/test.

The last line is `N passed, N failed, N skipped`; the exit status is 1 when any failed.
"""

import argparse
import sys
import time
from pathlib import Path

from testrun import stages
from testrun.tally import Tally

ROOT = Path(__file__).resolve().parent.parent


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__.split("\n")[0])
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument("--quick", action="store_true", help="only what a change must not break")
    depth.add_argument("--soak", action="store_true", help="all, and the tests that take long")
    parser.add_argument("--only", action="append", choices=list(stages.ALL), metavar="STAGE",
                        help="one stage; may be given again")
    parser.add_argument("--list", action="store_true", help="names the stages")
    return parser.parse_args()


def chosen_stages(arguments):
    if arguments.only:
        return {name: stages.ALL[name] for name in stages.ALL if name in arguments.only}
    return stages.QUICK if arguments.quick else stages.ALL


def run_stage(name, stage, run):
    print(f"== {name}", flush=True)
    before, start = run.tally.counts(), time.monotonic()
    stage(run)
    print(f"== {name}: {run.tally.since(before)} in {time.monotonic() - start:.1f} s", flush=True)


def main():
    arguments = parse_arguments()
    if arguments.list:
        print("\n".join(stages.ALL))
        return 0
    tally, start = Tally(), time.monotonic()
    run = stages.Run(ROOT, tally, arguments.soak)
    for name, stage in chosen_stages(arguments).items():
        run_stage(name, stage, run)
    print(f"== all stages in {time.monotonic() - start:.1f} s\n")
    tally.print_end()
    return 1 if tally.failures or not tally.passed_count else 0


if __name__ == "__main__":
    sys.exit(main())
