"""Runs a test script, which prints `PASS name`, `FAIL name: why` or `SKIP name: reason`."""

import os
import re
from pathlib import Path

from . import process

RESULT = re.compile(r"^(PASS|FAIL|SKIP) (.*?)(?:: (.*))?$")


def scripts_in(folder):
    """The test scripts of a folder, by name. What begins with no `#!` is a part of others."""
    return [path for path in sorted(Path(folder).glob("*"))
            if path.suffix in (".py", ".sh") and path.read_bytes()[:2] == b"#!"]


def run_scripts(tally, stage, folder, timeout_s, env):
    for path in scripts_in(folder):
        before = tally.counts()
        run_script(tally, stage, path, timeout_s, env)
        print(f"  {path.name}: {tally.since(before)}", flush=True)


def run_script(tally, stage, path, timeout_s, env, interpreter=None, arguments=()):
    """Runs it as it is, or with an interpreter other than its first line's."""
    name = f"{stage}: {path.name}"
    if not os.access(path, os.X_OK):
        tally.failed(name, "it is not executable, so nobody would run it")
        return
    before = tally.counts()
    command = [*([interpreter] if interpreter else []), path, *arguments]
    ran = process.run(command, timeout_s, env=env)
    count_lines(tally, f"{stage}: {path.stem}", ran.output)
    judge_end(tally, name, ran, before, timeout_s)


def count_lines(tally, stage, output):
    for line in output.splitlines():
        found = RESULT.match(line)
        if not found:
            continue
        result, name, words = found.groups()
        if result == "PASS":
            tally.passed(f"{stage}: {name}")
        elif result == "FAIL":
            tally.failed(f"{stage}: {name}", words or "no reason given")
        else:
            tally.skipped(f"{stage}: {name}", words)


def judge_end(tally, name, ran, before, timeout_s):
    """A script that dies, hangs or says nothing has failed, whatever else it said."""
    added = [now - then for now, then in zip(tally.counts(), before)]
    if not ran.good and (added[1] == 0 or ran.timed_out or ran.status < 0):
        tally.failed(name, ran.how_it_ended(timeout_s))
    elif sum(added) == 0:
        tally.failed(name, "it reported no test")
    if tally.counts()[1] > before[1]:
        ran.print_tail()
