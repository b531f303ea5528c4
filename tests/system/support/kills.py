"""Programs killed with SIGKILL at random moments, and what they leave behind.

A kill takes no page out of the kernel's cache: this is about what the library holds in memory,
about writes cut short in the middle, and about files left behind.
"""

import collections
import contextlib
import select
import subprocess

from .crash_oracle import LOG, Expected, cut_torn_tail

START_TIMEOUT_S = 30
LONGEST_LIFE_S = 0.04
LARGEST_LOG_BYTES = 8 << 20


class Tally:
    """Counts over many lives."""

    def __init__(self):
        self.kills = self.reports = self.torn_tails = self.most_left = 0
        self.faults = collections.Counter()
        self.first_fault = ""

    def add(self, faults):
        for fault in faults:
            self.faults[fault.kind] += 1
            self.first_fault = self.first_fault or fault.words

    def brief(self):
        return (f"{self.kills} kills, {self.reports} reports, {self.faults['torn']} torn, "
                f"{self.faults['lost']} lost, {self.faults['strange']} strange; "
                f"{self.torn_tails} torn tails, at most {self.most_left} temporary files left")


def life_of(command, seconds, expected):
    """Starts a program, lets it live for so long, kills it; `expected` hears what it said."""
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with program.stdout:
        if not select.select([program.stdout], [], [], START_TIMEOUT_S)[0]:
            program.kill()
            raise AssertionError(f"{command[0]} says nothing")
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = program.wait(seconds)
            raise AssertionError(f"{command} ended by itself with {status}")
        program.kill()
        # A line that is not whole was not said: a report is one write(2).
        lines = program.stdout.read().decode().split("\n")[:-1]
    program.wait()
    for line in lines:
        expected.hear(line)


def leftovers_in(folder):
    """Files that nobody asked for."""
    return [path.name for path in folder.iterdir() if path.name != LOG and "." in path.name]


def first_of_next_life(expected):
    return max([number for name, number in expected.found.items() if name != LOG], default=0) + 1


def kill_replacer(folder, command_from, lives, random):
    """command_from(first): a program that replaces files in the folder from that state on."""
    tally, expected = Tally(), Expected()
    for _ in range(lives):
        expected.begin_again(folder, first_of_next_life(expected))
        life_of(command_from(expected.first), random.uniform(0, LONGEST_LIFE_S), expected)
        tally.kills += 1
        faults = list(expected.faults_in(folder))
        tally.add(faults)
        tally.most_left = max(tally.most_left, len(leftovers_in(folder)))
        if faults:
            break
        expected.begin_again(folder, expected.first)
    tally.reports = expected.reports
    return tally


def kill_appender(folder, command_from, lives, random):
    """command_from(first): a program that appends records to the log from that one on."""
    tally, expected, log = Tally(), Expected(), folder / LOG
    for _ in range(lives):
        if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
            log.unlink()
        expected.begin_again(folder, 1)
        life_of(command_from(expected.found[LOG] + 1), random.uniform(0, LONGEST_LIFE_S), expected)
        tally.kills += 1
        faults = list(expected.faults_in(folder))
        tally.add(faults)
        if faults:
            break
        tally.torn_tails += cut_torn_tail(log) > 0
    tally.reports = expected.reports
    return tally
