"""Runs one program to its end or to its time limit, and leaves nothing of it behind."""

import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass

OUTPUT_BYTES = 4 << 20  # more than this of a program's output is of no use to a reader
TAIL_LINES = 60
TERM_PATIENCE_S = 5
KILL_PATIENCE_S = 10    # a killed program may sit in a wait that nothing ends


@dataclass
class Ran:
    status: int         # below zero: the signal that ended it
    output: str
    timed_out: bool

    @property
    def good(self):
        return self.status == 0 and not self.timed_out

    def how_it_ended(self, timeout_s):
        if self.timed_out:
            return f"hung: killed after {timeout_s} s"
        if self.status < 0:
            return f"crashed: {signal_name(-self.status)}"
        return f"exit status {self.status}"

    def print_tail(self):
        for line in self.output.splitlines()[-TAIL_LINES:]:
            print(f"    {line}")


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def run(command, timeout_s, cwd=None, env=None):
    """Both streams are caught together; standard input is empty; `env` is added to ours."""
    with tempfile.TemporaryFile() as output:
        try:
            program = subprocess.Popen(
                [str(word) for word in command], cwd=cwd, env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True)
        except OSError as error:
            return Ran(127, str(error), False)
        timed_out = not ends_in_time(program, timeout_s)
        if timed_out:
            signal_group(program, signal.SIGTERM)  # ninja, mounts: let it clean up behind itself
            ends_in_time(program, TERM_PATIENCE_S)
        signal_group(program, signal.SIGKILL)
        ends_in_time(program, KILL_PATIENCE_S)
        return Ran(program.returncode or 0, last_bytes(output), timed_out)


def ends_in_time(program, timeout_s):
    try:
        program.wait(timeout_s)
        return True
    except subprocess.TimeoutExpired:
        return False


def signal_group(program, number):
    """Reaches the program and the children that it forgot."""
    try:
        os.killpg(program.pid, number)
    except ProcessLookupError:
        pass


def last_bytes(output):
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - OUTPUT_BYTES))
    return output.read().decode("utf-8", "replace")
