#!/usr/bin/env python3
"""fork and exec under load: parent and child both go on, no descriptor is inherited by a program.

The parent gets all its bytes, the child has a ring, a pool and locks of its own, and what the
parent has in flight ends in the child with errc::fork_interrupted.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import binary, faultfs, isolate  # noqa: E402
from support.programs import backends, disk_folder, note, run_probe, soak  # noqa: E402
from support.report import Reporter  # noqa: E402

FORKS = 1000 if soak() else 40
EXECS = 10_000 if soak() else 1000
TIMEOUT_S = 1800 if soak() else 120


def probe(backend, what, count):
    with disk_folder() as disk, faultfs(binary("faultfs")) as mirror:
        # As a mount over a network: slow enough for calls to be in flight at any time.
        mirror.control("read delay=2 1 999999999 data")
        return run_probe("fork_probe", f"--do={what}", f"--count={count}", f"--disk={disk}",
                         f"--mount={mirror.path}", backend=backend, timeout_s=TIMEOUT_S)


def both_go_on(backend):
    figures = probe(backend, "middle", FORKS)
    note(f"{FORKS} forks ({backend}): the parent read {figures.brief('blocks', 'ring')}")
    assert figures.last("blocks") > FORKS
    assert backend != "uring" or figures.last("ring") > 0, "nothing went through the ring"


def nothing_is_inherited(backend):
    figures = probe(backend, "exec", EXECS)
    note(f"{EXECS} programs started ({backend}): {figures.brief('inherited', 'blocks')}")
    assert figures.last("inherited") == 0


def main():
    isolate()
    report = Reporter()
    for backend in backends(report, "forking"):
        for case in (both_go_on, nothing_is_inherited):
            with report.case(f"{case.__name__} ({backend})"):
                case(backend)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
