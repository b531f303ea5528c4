"""Runs the fuzzers: each on its seeds, then on inputs made from a number that is printed."""

import os
import random
import re
import tempfile
from pathlib import Path

from . import process

SMOKE_S = 5
LONG_S = 300
PATIENCE_S = 120    # for the seeds, and for what is running when the time is over
INPUT_TIMEOUT_S = 30
MOST_BYTES = 512    # of an input: what goes wrong does so within few bytes
EXECUTIONS = re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE)
BROKEN = re.compile(r"^.*(?:: broken: .*|runtime error: .*|SUMMARY: .*)$", re.MULTILINE)


def smoke(run, env):
    """All seeds, and a few seconds of each target; minutes in a long run."""
    seconds = LONG_S if run.soak else SMOKE_S
    fuzzers = build(run)
    for name in fuzzers:
        with tempfile.TemporaryDirectory(prefix="ringfiles-fuzz-") as corpus:
            fuzz(run, name, fuzzers[name], seconds, Path(corpus), env)


def build(run):
    """Name → path of each fuzzer; none where the compiler cannot make them, which is counted."""
    if not run.builds.configure("fuzz"):
        return {}
    fuzzers = run.builds.fuzzers("fuzz")
    if fuzzers:
        return fuzzers if run.builds.build("fuzz", "ringfiles_fuzzers") else {}
    left_out = [(name, why) for name, why in run.builds.manifest("fuzz")[1]
                if name.startswith("tests/fuzz/")]
    for name, why in left_out:
        run.tally.skipped(f"fuzz: {name}", why)
    if not left_out:
        run.tally.failed("fuzz: targets", "there are none")
    return {}


def fuzz(run, name, path, seconds, corpus, env):
    """One target, as one result; what it finds worth keeping goes to `corpus`."""
    seed = int(os.environ.get("RINGFILES_SEED") or random.randrange(1, 1 << 31))
    crashes = run.builds.folder("fuzz") / "crashes"
    crashes.mkdir(exist_ok=True)
    command = [path, f"-seed={seed}", f"-max_total_time={seconds}", f"-max_len={MOST_BYTES}",
               f"-timeout={INPUT_TIMEOUT_S}", "-print_final_stats=1",
               f"-artifact_prefix={crashes}/{name}-", corpus, run.root / "tests/fuzz/seeds" / name]
    ran = process.run(command, seconds + PATIENCE_S, env=env)
    done = EXECUTIONS.search(ran.output)
    print(f"  {name}: {done.group(1) if done else 'unknown'} executions, "
          f"{0 if ran.good else 1} crashes (-seed={seed})", flush=True)
    if ran.good and done:
        run.tally.passed(f"fuzz: {name}")
    else:
        why = BROKEN.search(ran.output)
        run.tally.failed(f"fuzz: {name}", why.group() if why else
                         ran.how_it_ended(seconds + PATIENCE_S))
        ran.print_tail()
