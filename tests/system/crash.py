#!/usr/bin/env python3
"""Durability, proved by crashes: programs that are killed, disks that lose power, file systems
that shut down. What was reported as durable before is there afterwards, whole.

    crash.py [--soak] [--seed=N] [WORD_OF_A_NAME]

A case prints the seed that --seed repeats (processes and disks have timing of their own, too).
"""

import collections
import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support import mounts, power_loss  # noqa: E402
from support.crash_oracle import LOG, Expected, Fault  # noqa: E402
from support.kills import kill_appender, kill_replacer, leftovers_in  # noqa: E402
from support.programs import LOCAL_KINDS, backends, disk_folder, note, soak  # noqa: E402
from support.report import Reporter, Unavailable  # noqa: E402
from support.shutdowns import shut_down_appenders, shut_down_replacers  # noqa: E402

KILLS = 1000 if soak() else 50        # of each workload, on each back end
TAPES = 5 if soak() else 1            # recordings of each file system, on each back end
IMAGES = 100 if soak() else 30        # of each of them
CONTROL_IMAGES = 100 if soak() else 40
SHUTDOWNS = 20 if soak() else 2
CONTROL_SHUTDOWNS = 20                # at the most: the first loss ends it
FILES = 6
FILES_OF_SHUTDOWN = 200
LOGS_OF_SHUTDOWN = 6
STATES = 30 if soak() else 12         # of each file, in each recording
RECORDS = 300 if soak() else 120
LEAST_REPORTS_OF_A_KILL = 0.2
WORKLOAD_TIMEOUT_S = 120
SHUTDOWN_KINDS = ("ext4", "xfs")

# Renames that reach the disk long before the data: what ext4 did to careless programs.
CARELESS_EXT4 = "noauto_da_alloc,commit=1"


class Case:
    """A seed of its own for each case, so that one can be run again without the others."""

    def __init__(self, report, wanted, seed):
        self.report, self.wanted, self.seed = report, wanted, seed

    def run(self, name, body):
        if self.wanted in name:
            with self.report.case(name):
                body(random.Random(f"{self.seed} {name}"))


def probe(*words, backend):
    return [str(word) for word in (mounts.binary("crash_probe"), *words, f"--backend={backend}")]


# ---- power loss ----------------------------------------------------------------------------


def write_files_and_log(backend, replaced="safe", appended="safe"):
    """A workload: files that are replaced beside a log that grows, both as fast as they can."""
    def workload(folder, mark):
        (folder / LOG).touch()  # a new name is durable once its folder is synced
        os.sync()
        commands = [
            probe("--do=replace", f"--folder={folder}", f"--files={FILES}", f"--count={STATES}",
                  f"--protocol={replaced}", f"--report={mark}", backend=backend),
            probe("--do=append", f"--file={folder / LOG}", f"--count={RECORDS}",
                  f"--protocol={appended}", f"--report={mark}", backend=backend)]
        running = [subprocess.Popen(command) for command in commands]
        statuses = [program.wait(WORKLOAD_TIMEOUT_S) for program in running]
        assert statuses == [0, 0], f"the workload ended with {statuses}"
    return workload


def faults_after(tape, crash):
    expected = Expected()
    for line in crash.reports:
        expected.hear(line)
    try:
        with tape.mounted_image() as folder:
            return list(expected.faults_in(folder))
    except Unavailable as reason:  # what mounted a moment ago does not any more
        return [Fault("broken", str(reason))]


def play(name, tape, random, images):
    """Returns how many images were bad, and in how many a kind of fault was; prints the first."""
    bad, reports, kinds = 0, 0, collections.Counter()
    for crash in tape.crashes(random, images):
        tape.make_image(crash)
        faults = faults_after(tape, crash)
        reports += len(crash.reports)
        if faults and not bad:
            note(f"{name}: flush {crash.flush}, cut {crash.cut}, {faults[0].words}")
        bad += bool(faults)
        kinds.update({fault.kind for fault in faults})
    note(f"{name}: {images} images at {len(tape.flushes)} flushes, {bad} bad; {dict(kinds)}, "
         f"{reports} reports judged")
    return bad, kinds


def power_loss_cases(case, backend):
    for kind in LOCAL_KINDS:
        name = f"power_loss on {kind} ({backend})"

        def body(random, name=name, kind=kind):
            for _ in range(TAPES):
                with power_loss.recorded(kind, "", write_files_and_log(backend)) as tape:
                    bad, _ = play(name, tape, random, IMAGES)
                assert bad == 0, f"{bad} of {IMAGES} images are bad"
        case.run(name, body)


def control_case(case, name, wanted, kind, workload, options=""):
    """A careless protocol, in which the simulator must see faults of a wanted kind."""
    def body(random):
        with power_loss.recorded(kind, options, workload) as tape:
            _, kinds = play(name, tape, random, CONTROL_IMAGES)
        assert any(kinds[each] for each in wanted), "nothing caught: no proof"
    case.run(name, body)


def control_cases(case, backend):
    control_case(case, f"control: rename without a sync, ext4 ({backend})", ["torn"], "ext4",
                 write_files_and_log(backend, replaced="no_sync"), CARELESS_EXT4)
    for kind in LOCAL_KINDS:
        control_case(case, f"control: rename without the folder's sync, {kind} ({backend})",
                     ["lost"], kind, write_files_and_log(backend, replaced="no_folder_sync"))
        control_case(case, f"control: reported before the sync, {kind} ({backend})",
                     ["lost", "torn"], kind, write_files_and_log(backend, appended="early"))


# ---- kills ---------------------------------------------------------------------------------


def judge_kills(name, tally):
    note(f"{name}: {tally.brief()}")
    assert not tally.faults, tally.first_fault
    assert tally.reports >= tally.kills * LEAST_REPORTS_OF_A_KILL, "hardly a report: no proof"


def replacer_is_killed(name, backend, random):
    with disk_folder() as folder:
        def command_from(first, *more):
            return probe("--do=replace", f"--folder={folder}", f"--files={FILES}",
                         f"--from={first}", *more, backend=backend)
        tally = kill_replacer(folder, command_from, KILLS, random)
        judge_kills(name, tally)
        assert tally.most_left <= FILES, f"{tally.most_left} temporary files pile up"
        subprocess.run(command_from(1, "--count=1"), check=True, stdout=subprocess.DEVNULL)
        assert not leftovers_in(folder), "the next writer did not clean up"


def appender_is_killed(name, backend, random):
    with disk_folder() as folder:
        judge_kills(name, kill_appender(
            folder, lambda first: probe("--do=append", f"--file={folder / LOG}",
                                        f"--from={first}", backend=backend), KILLS, random))


def kill_cases(case, backend):
    for body in (replacer_is_killed, appender_is_killed):
        name = f"{body.__name__} ({backend})"
        case.run(name, lambda random, body=body, name=name: body(name, backend, random))


# ---- file systems that shut down -----------------------------------------------------------


def judge_shutdowns(name, judged, what):
    reported, faults = judged
    note(f"{name}: {reported} {what} judged, {len(faults)} bad")
    return faults


def shut_down_files(name, kind, backend, protocol, rounds, random):
    def command_from(folder, first):
        return probe("--do=replace", f"--folder={folder}", f"--files={FILES_OF_SHUTDOWN}",
                     f"--from={first}", f"--protocol={protocol}", backend=backend)
    return judge_shutdowns(name, shut_down_replacers(kind, command_from, FILES_OF_SHUTDOWN, rounds,
                                                     random), "reported files")


def shut_down_logs(name, kind, backend, random):
    def command_of(log, reports):
        return probe("--do=append", f"--file={log}", f"--report={reports}", backend=backend)
    return judge_shutdowns(name, shut_down_appenders(kind, command_of, LOGS_OF_SHUTDOWN, SHUTDOWNS,
                                                     random), "reported records")


def shutdown_cases(case, backend):
    for kind in SHUTDOWN_KINDS:
        def files(random, name=f"files, shutdown of {kind} ({backend})", kind=kind):
            faults = shut_down_files(name, kind, backend, "safe", SHUTDOWNS, random)
            assert not faults, faults[0].words

        def logs(random, name=f"logs, shutdown of {kind} ({backend})", kind=kind):
            faults = shut_down_logs(name, kind, backend, random)
            assert not faults, faults[0].words
        case.run(f"files, shutdown of {kind} ({backend})", files)
        case.run(f"logs, shutdown of {kind} ({backend})", logs)


def shutdown_control_cases(case, backend):
    for kind in SHUTDOWN_KINDS:
        name = f"control: shutdown of {kind} without the folder's sync ({backend})"

        def body(random, name=name, kind=kind):
            assert shut_down_files(name, kind, backend, "no_folder_sync", CONTROL_SHUTDOWNS,
                                   random), "nothing caught: no proof"
        case.run(name, body)


def option(name):
    found = [word.split("=", 1)[1] for word in sys.argv[1:] if word.startswith(f"--{name}=")]
    return found[-1] if found else None


def main():
    mounts.isolate()
    wanted = "".join(word for word in sys.argv[1:] if not word.startswith("--"))
    seed = option("seed") or str(random.getrandbits(32))
    note(f"--seed={seed}")
    report = Reporter()
    case = Case(report, wanted, seed)
    usable = backends(report, "crash")
    for backend in usable:
        for cases in (kill_cases, power_loss_cases, shutdown_cases):
            cases(case, backend)
    # What the careless programs do is the same on each back end.
    for backend in usable if soak() else usable[-1:]:
        for cases in (control_cases, shutdown_control_cases):
            cases(case, backend)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
