#!/usr/bin/env python3
"""The fault loop of tests/faults on a file system whose server fails: a sample, on both back ends.

The loop itself replaces system calls; here the kernel's own calls, and a real ring, say what went
wrong. What must hold is the same.
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import binary, faultfs, isolate  # noqa: E402
from support.programs import note  # noqa: E402
from support.report import Reporter, run_gtest  # noqa: E402

# Of row 8 of the plan: so many faults at least.
LEAST_FAULTS = 500
TIMEOUT_S = 300


def main():
    isolate()
    report = Reporter("file_faults/")
    with report.case("faults of a mirror"), faultfs(binary("faultfs")) as mirror:
        places = {"RINGFILES_FAULTFS": str(mirror.path),
                  "RINGFILES_FAULTFS_BACKING": str(mirror.backing)}
        output = run_gtest(binary("ringfiles_fault_tests"), "on/mirror_loop.*", env=places,
                           timeout=TIMEOUT_S, report=report)
        said = re.search(r"^(\d+) faults of a mirror.*$", output, re.MULTILINE)
        assert said, "the program counted nothing"
        note(said.group())
        assert int(said.group(1)) >= LEAST_FAULTS, said.group()
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
