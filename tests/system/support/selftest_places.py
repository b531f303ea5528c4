"""The cases of the self-test that concern deny, the mounts and the report."""

import errno
import io
import os
import pathlib
import subprocess
import sys
import tempfile

from . import probes
from .mounts import binary, loop_filesystem, small_tmpfs, thin_loop, tmpfs
from .report import Reporter, Unavailable, run_gtest, run_program
from .selftest_faultfs import errno_of, note, opened

FSYNCS = 4
CHUNK = b"x" * (1 << 20)
THIN_WRITE_MIB = 160  # more than the largest backing of thin_loop

# A stand-in for a GoogleTest program: three results, or a crash in the second test.
FAKE_GTEST = """#!/bin/sh
case "$1" in *crash*)
    echo '[ RUN      ] A.good'; echo '[       OK ] A.good (0 ms)'; echo '[ RUN      ] A.bad'
    kill -SEGV $$;;
esac
case "$1" in *none*) echo '{"testsuites":[]}' > "${2#*json:}"; exit 0;; esac
echo '[ RUN      ] A.left'; echo 'f.cpp:3: Skipped'; echo 'no ring'
echo '[  SKIPPED ] A.left (0 ms)'
case "$1" in *slow*) sleep 60;; esac
cat > "${2#*json:}" <<END
{"testsuites":[{"name":"A","testsuite":[
 {"name":"good","status":"RUN","result":"COMPLETED"},
 {"name":"off","status":"NOTRUN","result":"SUPPRESSED"},
 {"name":"left","status":"RUN","result":"SKIPPED"},
 {"name":"bad","status":"RUN","result":"COMPLETED","failures":[{"failure":"1 is\\nnot 2"}]}]}]}
END
exit 1
"""


def deny(error, calls, *program):
    return run_program([binary("deny"), error, calls, "--", *program], timeout=30)


def deny_answers_its_errno(_report):
    if probes.io_uring_setup_errno() != 0:
        raise Unavailable("no io_uring here to begin with")
    probe = (sys.executable, probes.__file__)
    assert run_program(probe)[0] == 0
    for name in ("EPERM", "ENOSYS", "ENOMEM", "13"):
        number = int(name) if name.isdigit() else getattr(errno, name)
        status, output = deny(name, "io_uring_setup,io_uring_enter", *probe)
        assert status == number, (name, status, output)
    assert deny("EPERM", "statx", *probe)[0] == 0
    old = "openat2,statx,copy_file_range,io_uring_setup"
    assert deny("ENOSYS", old, *probe)[0] == errno.ENOSYS


def deny_refuses_what_it_cannot_do(_report):
    for error, calls, words in (("EPERM", "io_uring_setup,io_urnig_enter", "io_urnig_enter"),
                                ("EBOGUS", "openat", "EBOGUS"), ("0", "openat", "errno: 0")):
        status, output = deny(error, calls, "true")
        assert status == 125 and words in output, (status, output)
    assert deny("EPERM", "openat2", "no-such-program-here")[0] == 127
    assert deny("EPERM", "openat2", "sh", "-c", "exit 7")[0] == 7


def fill(folder):
    """Bytes written to a file there until the disk is full, and the errno that said so."""
    with opened(folder / "full", os.O_WRONLY | os.O_CREAT) as handle:
        written = 0
        while True:
            try:
                written += os.write(handle, CHUNK[:65536])
            except OSError as error:
                return written, error.errno


def kind_of(folder):
    for line in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, place, kind, *_ = line.split()
        if place == str(folder):
            return kind
    return "not mounted"


def tmpfs_is_small(_report):
    with small_tmpfs(1) as folder:
        assert kind_of(folder) == "tmpfs"
        assert fill(folder) == (1 << 20, errno.ENOSPC)
    assert not folder.exists()
    with tmpfs("size=1m,nr_inodes=4") as folder:
        names = [errno_of((folder / str(number)).touch) for number in range(4)]
        assert names[-1] == errno.ENOSPC, names


def _loop_works(kind, size_mib):
    with loop_filesystem(kind, size_mib) as folder:
        assert kind_of(folder) == kind, kind_of(folder)
        with opened(folder / "file", os.O_RDWR | os.O_CREAT) as handle:
            os.write(handle, CHUNK)
            os.fsync(handle)
            assert os.pread(handle, 2 << 20, 0) == CHUNK
    assert not folder.exists()


def loop_ext4(_report):
    _loop_works("ext4", 64)


def loop_xfs(_report):
    _loop_works("xfs", 320)


def loop_btrfs(_report):
    _loop_works("btrfs", 128)


def loop_ext4_gets_full(_report):
    with loop_filesystem("ext4", 16) as folder:
        written, error = fill(folder)
        note(f"ext4 of 16 MiB: full after {written} bytes")
        assert error == errno.ENOSPC and 4 << 20 < written < 16 << 20


def _thin_loop_lies(kind):
    """fsync fails, later says 0, and the bytes are still served: the trap for the library."""
    with thin_loop(kind) as folder:
        with opened(folder / "file", os.O_RDWR | os.O_CREAT) as handle:
            for _ in range(THIN_WRITE_MIB):
                assert os.write(handle, CHUNK) == len(CHUNK)
            results = [errno_of(os.fsync, handle) for _ in range(FSYNCS)]
            size = os.fstat(handle).st_size >> 20
        names = [errno.errorcode.get(each, "success") for each in results]
        note(f"thin {kind}: {size} MiB accepted, fsync: {', '.join(names)}")
        assert results[0] in (errno.ENOSPC, errno.EIO) and results[-1] == 0, names
    assert not folder.exists()


def thin_ext4(_report):
    _thin_loop_lies("ext4")


def thin_xfs(_report):
    _thin_loop_lies("xfs")


def thin_btrfs(_report):
    _thin_loop_lies("btrfs")


def _forwarded(program, selection, **options):
    lines = io.StringIO()
    inner = Reporter(stream=lines)
    run_gtest(program, selection, report=inner, prefix="p/", **options)
    return lines.getvalue().splitlines(), inner.exit_status()


def gtest_results_are_forwarded(_report):
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder, "fake")
        program.write_text(FAKE_GTEST, encoding="utf-8")
        program.chmod(0o755)
        lines, status = _forwarded(program, "*")
        assert lines == ["PASS p/A.good", "SKIP p/A.left: f.cpp:3: Skipped | no ring",
                         "FAIL p/A.bad: 1 is | not 2"]
        assert status == 1
        lines, _ = _forwarded(program, "crash")
        assert lines[0] == "PASS p/A.good" and lines[1].startswith("FAIL p/A.bad: "), lines
        assert lines[2].startswith("FAIL p/fake: SIGSEGV"), lines
        assert _forwarded(program, "none")[0] == ["FAIL p/fake: the filter none selects no test"]
        slow, _ = _forwarded(program, "slow", timeout=0.3)
        assert slow[-1] == "FAIL p/fake: not done after 0.3 s", slow
        assert _forwarded(program.with_name("gone"), "*")[0] == ["SKIP p/gone: it is not built"]


def isolation_survives_sigkill(_report):
    """A script that called isolate() and is killed leaves no mount to the rest of the machine."""
    script = ("import sys, os, signal; sys.path.insert(0, sys.argv[1])\n"
              "from support import mounts\n"
              "if not mounts.isolate(): sys.exit(3)\n"
              "with mounts.tmpfs() as folder: print(folder); sys.stdout.flush(); os.kill("
              "os.getpid(), signal.SIGKILL)")
    parent = str(pathlib.Path(__file__).resolve().parents[1])
    done = subprocess.run([sys.executable, "-c", script, parent], stdout=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode == 3:
        raise Unavailable("no mount namespaces here")
    folder = pathlib.Path(done.stdout.strip())
    assert kind_of(folder) == "not mounted"
    folder.rmdir()


CASES = [
    deny_answers_its_errno, deny_refuses_what_it_cannot_do, tmpfs_is_small, loop_ext4, loop_xfs,
    loop_btrfs, loop_ext4_gets_full, thin_ext4, thin_xfs, thin_btrfs, gtest_results_are_forwarded,
    isolation_survives_sigkill,
]
