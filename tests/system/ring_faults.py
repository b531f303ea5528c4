#!/usr/bin/env python3
"""io_uring refused in all the ways that are known, and system calls of a ring that fail.

Whatever is refused, the workload passes, the report names a fitting cause, and knowing costs less
than a millisecond. A failed io_uring_enter loses, doubles and mixes up nothing.
"""

import contextlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support import probes  # noqa: E402
from support.mounts import binary, isolate  # noqa: E402
from support.programs import disk_folder, note, run_probe, soak  # noqa: E402
from support.report import Reporter, Unavailable, run_program  # noqa: E402

RING_CALLS = "io_uring_setup,io_uring_enter,io_uring_register"
SYSCTL = pathlib.Path("/proc/sys/kernel/io_uring_disabled")
NOBODY = 65534
REPORT_LIMIT_US = 1000
# A process that waits for a processor looks slow: the median of so many, in so many tries.
REPORT_RUNS, TRIES = 9, 4
ROUNDS = 250
ERRNOS = ("EAGAIN", "EBUSY", "EINTR")
# Which calls of io_uring_enter fail; "2+3" is the second and each third one after it.
CALLS_THAT_FAIL = [*range(1, 201), "1+2", "2+3", "3+7"] if soak() else \
    [*range(1, 9), 25, 50, 100, 200, "1+2", "2+3", "3+7"]


def denied(error, calls):
    return [binary("deny"), error, calls, "--"]


def as_nobody(limit):
    """Runs the rest of the command line under a limit of the shell, without privileges."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Unavailable("needs root and setpriv")
    drop = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups"
    return ["bash", "-c", f'{limit} && exec {drop} "$@"', "limited"]


# Name → (words before the program, a word of the cause). Where the ring works in spite of the last
# two, as on kernels that need no worker and count no locked memory, there is no cause to name.
MAY_WORK = ("no locked memory", "no kernel workers")
REFUSALS = {
    "EPERM for all calls": (lambda: denied("EPERM", RING_CALLS), "seccomp"),
    "ENOSYS for all calls": (lambda: denied("ENOSYS", RING_CALLS), "no io_uring"),
    "EPERM at the first submit": (lambda: denied("EPERM", "io_uring_enter"), "seccomp"),
    "EACCES for register": (lambda: denied("EACCES", "io_uring_register"), "seccomp"),
    "EINVAL for setup": (lambda: denied("EINVAL", "io_uring_setup"), "lacks an operation"),
    "ENOMEM for setup": (lambda: denied("ENOMEM", "io_uring_setup"), "RLIMIT_MEMLOCK"),
    "EMFILE for setup": (lambda: denied("EMFILE", "io_uring_setup"), "RLIMIT_NOFILE"),
    "an old kernel": (lambda: denied("ENOSYS", "openat2,statx,copy_file_range,io_uring_setup"),
                      "no io_uring"),
    "no locked memory": (lambda: as_nobody("ulimit -l 0"), "RLIMIT_MEMLOCK"),
    "no kernel workers": (lambda: as_nobody("ulimit -u 1"), "RLIMIT_NPROC"),
}


@contextlib.contextmanager
def open_place():
    """(a folder on a disk that everybody may use, a copy of the workload that everybody may run)"""
    with disk_folder() as disk:
        disk.chmod(0o777)
        program = disk / "ring_workload"
        shutil.copy(binary("ring_workload"), program)
        program.chmod(0o755)
        folder = disk / "files"
        folder.mkdir()
        folder.chmod(0o777)
        yield folder, program


def workload(place, *words, wrapper=()):
    folder, program = place
    for old in folder.iterdir():
        old.unlink()
    return run_probe(program, f"--disk={folder}", *words, wrapper=wrapper, timeout_s=60)


def check_refusal(place, name):
    make_wrapper, cause = REFUSALS[name]
    wrapper = make_wrapper()
    lenient = ["--lenient"] if name == "no kernel workers" else []
    figures = workload(place, "--do=all", *lenient, wrapper=wrapper)
    words = [line for line in figures.output.splitlines() if line.startswith("refused")]
    note(f"{name}: {figures.brief('uring', 'done', 'refused')}; {' '.join(words)}")
    assert figures.last("done") > 0 or lenient, "the workload did nothing"
    if figures.last("uring") == 0 or name not in MAY_WORK:
        assert figures.last("uring") == 0, "the ring works: nothing was refused"
        assert words and cause in words[0], f"the report does not say {cause!r}: {words}"


def check_cost(place, name):
    wrapper = REFUSALS[name][0]() if name else []
    for _ in range(TRIES):
        costs = [workload(place, "--do=report", wrapper=wrapper).last("report_us")
                 for _ in range(REPORT_RUNS)]
        if statistics.median(costs) <= REPORT_LIMIT_US:
            break
    note(f"to know what serves ({name or 'nothing refused'}): median "
         f"{statistics.median(costs)} us, {min(costs)} to {max(costs)}")
    assert statistics.median(costs) <= REPORT_LIMIT_US, costs


@contextlib.contextmanager
def sysctl_says(value):
    """The setting as this process and its children see it, in a mount namespace of our own."""
    with tempfile.NamedTemporaryFile("w") as text:
        text.write(f"{value}\n")
        text.flush()
        os.chmod(text.name, 0o644)
        done = subprocess.run(["mount", "--bind", text.name, SYSCTL], check=False,
                              stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Unavailable("the setting cannot be covered")
        try:
            yield
        finally:
            subprocess.run(["umount", SYSCTL], check=True)


def sysctl_is_named(place):
    with sysctl_says(2):
        output = workload(place, "--do=report", wrapper=denied("EPERM", RING_CALLS)).output
    assert "kernel.io_uring_disabled=2" in output, output


def sysctl_is_obeyed(place):
    """Changes the whole machine for a moment, so only in a long run."""
    before = SYSCTL.read_text(encoding="utf-8")
    try:
        SYSCTL.write_text("2\n", encoding="utf-8")
        figures = workload(place, "--do=all")
    except OSError as error:
        raise Unavailable(f"the setting cannot be changed: {error}") from None
    finally:
        SYSCTL.write_text(before, encoding="utf-8")
    assert figures.last("uring") == 0 and "kernel.io_uring_disabled=2" in figures.output


def strace(error, when, trace):
    return ["strace", "-f", "--seccomp-bpf", "-qq", "-o", trace, "-e", "trace=io_uring_enter",
            "-e", f"inject=io_uring_enter:error={error}:when={when}"]


def require_strace():
    if not shutil.which("strace"):
        raise Unavailable("strace is not installed")
    status, output = run_program(["strace", "-qq", "-o", "/dev/null", "true"])
    if status != 0:
        raise Unavailable(f"ptrace is not allowed: {output.strip()}")
    if probes.io_uring_setup_errno():
        raise Unavailable("no io_uring here")


def failed_submits_lose_nothing(place, error):
    require_strace()
    injected = 0
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder, "trace")
        for when in CALLS_THAT_FAIL:
            figures = workload(place, "--do=loop", f"--count={ROUNDS}", "--backend=uring",
                               wrapper=strace(error, when, trace))
            hits = trace.read_text(encoding="utf-8", errors="replace").count("(INJECTED)")
            assert hits > 0, f"{when}: nothing was injected"
            assert figures.last("uring") == 1, f"{when}: {figures.output[-300:]}"
            assert figures.last("ring") > ROUNDS, f"{when}: the ring was not used"
            injected += hits
    note(f"{error}: {len(CALLS_THAT_FAIL)} runs of {ROUNDS * 9} calls, {injected} failed enters")


def main():
    isolate()
    report = Reporter()
    with report.case("places"), open_place() as place:
        for name in REFUSALS:
            with report.case(f"refused: {name}"):
                check_refusal(place, name)
        with report.case("refused: the setting is named"):
            sysctl_is_named(place)
        if soak():
            with report.case("refused: the setting is obeyed"):
                sysctl_is_obeyed(place)
        for name in (None, "EPERM for all calls", "EPERM at the first submit"):
            with report.case(f"cost: {name or 'nothing refused'}"):
                check_cost(place, name)
        for error in ERRNOS:
            with report.case(f"failed io_uring_enter: {error}"):
                failed_submits_lose_nothing(place, error)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
