#!/usr/bin/env python3
"""Builds the fuzzers and runs them for long. Meant to be called through scripts/fuzz.

What they find worth keeping stays in build/fuzz/corpus, and the next run begins with it.
"""

import argparse
import sys
from pathlib import Path

from testrun import fuzzing, stages
from testrun.tally import Tally

ROOT = Path(__file__).resolve().parent.parent


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("target", nargs="?", default="all", metavar="TARGET",
                        help="a file of tests/fuzz, or all")
    parser.add_argument("seconds", nargs="?", type=int, default=fuzzing.LONG_S, metavar="SECONDS",
                        help=f"for each target (default: {fuzzing.LONG_S})")
    return parser.parse_args()


def main():
    arguments, tally = parse_arguments(), Tally()
    run = stages.Run(ROOT, tally, soak=True)
    fuzzers = fuzzing.build(run)
    if arguments.target not in ("all", *fuzzers):
        tally.failed(f"fuzz: {arguments.target}", f"there are {', '.join(fuzzers) or 'none'}")
    for name in fuzzers:
        if arguments.target in ("all", name):
            corpus = run.builds.folder("fuzz") / "corpus" / name
            corpus.mkdir(parents=True, exist_ok=True)
            fuzzing.fuzz(run, name, fuzzers[name], arguments.seconds, corpus,
                         stages.sanitizer_env(ROOT)["asan"])
    tally.print_end()
    return 1 if tally.failures or not tally.passed_count else 0


if __name__ == "__main__":
    sys.exit(main())
