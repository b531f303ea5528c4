"""The cases of the self-test that concern faultfs. Each raises when something is not so."""

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
import time

from .mounts import binary, faultfs
from .probes import BLOCK, AsyncReads, has_aio
from .report import Unavailable

HUNG_READS = 1200
NEIGHBOUR_READS = 200
NEIGHBOUR_LIMIT_S = 0.050
RACING_READERS = 4
RACING_ROUNDS = 500
THREAD_STACK_BYTES = 256 << 10

CREATE = os.O_RDWR | os.O_CREAT
CONTENT = b"0123456789abcdef" * 4096


def note(words):
    """A figure for the reader; lines that start with # are no results."""
    print(f"# {words}", flush=True)


@contextlib.contextmanager
def opened(path, flags=os.O_RDONLY):
    handle = os.open(path, flags, 0o644)
    try:
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def mirror_with(*names, **options):
    """A mirror whose backing folder holds these files of 64 KiB."""
    with faultfs(binary("faultfs"), **options) as mirror:
        for name in names:
            (mirror.backing / name).write_bytes(CONTENT)
        yield mirror


def errno_of(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return error.errno
    return 0


def seconds(call, *arguments):
    start = time.monotonic()
    call(*arguments)
    return time.monotonic() - start


def nth_read_fails(_report):
    with mirror_with("a.log", "b.txt") as mirror:
        mirror.control("read EIO 3 3 *.log\nread 28 1 1 b.txt")
        with opened(mirror.path / "a.log") as log, opened(mirror.path / "b.txt") as text:
            results = [errno_of(os.pread, log, 16, 0) for _ in range(4)]
            assert results == [0, 0, errno.EIO, 0], results
            assert errno_of(os.pread, text, 16, 0) == errno.ENOSPC
        counters = [(each.seen, each.hit) for each in mirror.counters()]
        assert counters == [(4, 1), (1, 1)], counters


def each_operation_fails(_report):
    with mirror_with("f") as mirror:
        path = mirror.path / "f"
        for operation, call in {
            "open": lambda: os.close(os.open(path, os.O_RDONLY)),
            "create": lambda: os.close(os.open(mirror.path / "new", os.O_RDWR | os.O_CREAT)),
            "truncate": lambda: os.truncate(path, 1), "getattr": lambda: os.stat(path),
            "lookup": lambda: os.stat(path), "setattr": lambda: os.chmod(path, 0o600),
            "unlink": lambda: os.unlink(path), "rename": lambda: os.rename(path, f"{path}2"),
            "mkdir": lambda: os.mkdir(mirror.path / "d"), "statfs": lambda: os.statvfs(path),
            "opendir": lambda: os.listdir(mirror.path), "readdir": lambda: os.listdir(mirror.path),
        }.items():
            mirror.control(f"clear\n{operation} EDQUOT")
            assert errno_of(call) == errno.EDQUOT, operation
        assert (mirror.backing / "f").read_bytes() == CONTENT


def sync_and_close_fail(_report):
    with mirror_with("f") as mirror:
        handle = os.open(mirror.path / "f", os.O_RDWR)
        mirror.control("fsync EIO 1 1\nwrite ENOSPC 2 2\nflush EDQUOT")
        assert os.pwrite(handle, b"x", 0) == 1
        assert errno_of(os.pwrite, handle, b"x", 0) == errno.ENOSPC
        assert errno_of(os.fsync, handle) == errno.EIO
        assert errno_of(os.fdatasync, handle) == 0
        assert errno_of(os.close, handle) == errno.EDQUOT
        assert errno_of(os.fstat, handle) == errno.EBADF


def short_and_corrupt(_report):
    with mirror_with("f") as mirror:
        mirror.control("read short=7 1 2\nread corrupt 2 2\nwrite short=5 1 1\nwrite corrupt 2 2")
        with opened(mirror.path / "f", os.O_RDWR) as handle:
            assert os.pread(handle, 4096, 0) == CONTENT[:7]
            broken = os.pread(handle, 4096, 0)
            assert len(broken) == 7 and broken != CONTENT[:7] and broken[1:] == CONTENT[1:7]
            assert os.pread(handle, 16, 0) == CONTENT[:16]
            assert os.pwrite(handle, b"ABCDEFGH", 0) == 5
            assert os.pwrite(handle, b"zz", 100) == 2
        stored = (mirror.backing / "f").read_bytes()
        assert stored[:8] == b"ABCDE567" and stored[101:102] == b"z" != stored[100:101]


def delay_is_kept(_report):
    with mirror_with("f") as mirror, opened(mirror.path / "f") as handle:
        mirror.control("read delay=300 1 1")
        slow = seconds(os.pread, handle, 16, 0)
        fast = seconds(os.pread, handle, 16, 0)
        note(f"delay=300: {slow * 1000:.1f} ms, next call {fast * 1000:.2f} ms")
        assert 0.3 <= slow < 2 and fast < 0.2, (slow, fast)


def hang_ends_with_clear(_report):
    with mirror_with("f") as mirror, opened(mirror.path / "f") as handle:
        mirror.control("read hang 1 3")
        got = []
        threads = [threading.Thread(target=lambda: got.append(os.pread(handle, 16, 0)))
                   for _ in range(3)]
        for thread in threads:
            thread.start()
        mirror.wait_parked(3)
        assert got == []
        mirror.control("resume 1")
        mirror.wait_parked(2)
        mirror.clear()
        for thread in threads:
            thread.join(5)
        assert got == [CONTENT[:16]] * 3 and mirror.counters() == [] and mirror.parked() == 0


def start_reader(path):
    script = "import os, sys; os.read(os.open(sys.argv[1], os.O_RDONLY), 16)"
    return subprocess.Popen([sys.executable, "-c", script, str(path)],
                            stderr=subprocess.DEVNULL)


def killed_caller_is_gone(_report):
    """A signal ends `hang`; only clear ends `deaf`."""
    with mirror_with("f") as mirror:
        mirror.control("read hang")
        reader = start_reader(mirror.path / "f")
        mirror.wait_parked(1)
        reader.kill()
        note(f"reader gone {seconds(reader.wait, 5) * 1000:.1f} ms after SIGKILL")
        mirror.wait_parked(0)
        mirror.control("clear\nread deaf")
        reader = start_reader(mirror.path / "f")
        mirror.wait_parked(1)
        reader.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            reader.wait(0.5)
        assert reader.poll() is None, "a deaf mount let its caller go"
        mirror.clear()
        assert reader.wait(5) == -signal.SIGKILL


def control_survives_a_locked_root(_report):
    """A hung create holds the lock of its folder; the script must still get through."""
    with mirror_with("f") as mirror:
        mirror.control("create hang\ngetattr hang")
        maker = threading.Thread(target=lambda: os.close(os.open(mirror.path / "new", CREATE)))
        maker.start()
        mirror.wait_parked(1)
        assert not (mirror.backing / "new").exists()
        (mirror.path / ".faultctl").write_text("clear\n")
        maker.join(5)
        assert not maker.is_alive() and (mirror.backing / "new").exists()


def clear_races_with_arrivals(_report):
    """No call may start to hang after the `clear` that was to free it."""
    with mirror_with("f") as mirror, opened(mirror.path / "f") as handle:
        reads, stop = [0] * RACING_READERS, threading.Event()

        def read_on(index):
            while not stop.is_set():
                os.pread(handle, 16, 0)
                reads[index] += 1

        threads = [threading.Thread(target=read_on, args=(index,))
                   for index in range(RACING_READERS)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(RACING_ROUNDS):
                mirror.control("read hang")
                mirror.clear()
                before, deadline = list(reads), time.monotonic() + 5
                while not all(now > then for now, then in zip(reads, before)):
                    assert time.monotonic() < deadline, f"{mirror.parked()} calls are stuck"
                    time.sleep(0)
        finally:
            stop.set()
            mirror.clear()
            for thread in threads:
                thread.join(5)


def bad_script_changes_nothing(_report):
    with mirror_with("f") as mirror:
        mirror.control("read EIO 1 1 f\n\n# a comment")
        for bad in ("clear\nreed EIO", "read EBOGUS", "read EIO one", "read", "write short=x"):
            try:
                mirror.control(bad)
            except ValueError:
                continue
            raise AssertionError(f"accepted: {bad}")
        assert [each.rule for each in mirror.counters()] == ["read EIO 1 1 f"]


def check_neighbour(read_once):
    times = sorted(seconds(read_once) for _ in range(NEIGHBOUR_READS))
    median, nearly_all = times[len(times) // 2], times[len(times) * 99 // 100]
    note(f"{NEIGHBOUR_READS} reads of another file: median {median * 1000:.2f} ms, "
         f"p99 {nearly_all * 1000:.2f} ms, longest {times[-1] * 1000:.2f} ms")
    assert nearly_all < NEIGHBOUR_LIMIT_S, times[-5:]


def hung_threads_disturb_nobody(_report):
    before = threading.stack_size(THREAD_STACK_BYTES)
    with mirror_with("hung", "other") as mirror, opened(mirror.path / "hung") as hung, \
            opened(mirror.path / "other") as other:
        mirror.control("read hang 1 99999 hung")
        got = []
        threads = [threading.Thread(target=lambda: got.append(os.pread(hung, 16, 0)))
                   for _ in range(HUNG_READS)]
        try:
            for thread in threads:
                thread.start()
            mirror.wait_parked(HUNG_READS)
            check_neighbour(lambda: os.pread(other, 4096, 0))
        finally:
            mirror.clear()
            for thread in threads:
                thread.join(30)
            threading.stack_size(before)
        assert got == [CONTENT[:16]] * HUNG_READS, len(got)


def hung_async_reads_disturb_nobody(_report):
    if not has_aio():
        raise Unavailable("the call numbers of libaio are known for x86-64 only")
    with mirror_with("hung", "other") as mirror, \
            opened(mirror.path / "hung", os.O_RDONLY | os.O_DIRECT) as hung, \
            opened(mirror.path / "other", os.O_RDONLY | os.O_DIRECT) as other:
        mirror.control("read hang 1 99999 hung")
        stuck, free = AsyncReads(HUNG_READS), AsyncReads(NEIGHBOUR_READS)

        def read_other():
            free.submit(other)
            assert free.results(1, 5) == [BLOCK]

        try:
            for _ in range(HUNG_READS):
                stuck.submit(hung)
            mirror.wait_parked(HUNG_READS)
            check_neighbour(read_other)
        finally:
            mirror.clear()
        assert stuck.results(HUNG_READS, 30) == [BLOCK] * HUNG_READS
        stuck.close()
        free.close()


def stop_frees_hung_callers(_report):
    with mirror_with("f") as mirror:
        mirror.control("read deaf")
        readers = [start_reader(mirror.path / "f") for _ in range(8)]
        mirror.wait_parked(8)
        took = seconds(mirror.stop)
        status = [reader.wait(5) for reader in readers]
        note(f"stopped with 8 deaf calls in {took * 1000:.0f} ms")
        assert took < 2 and all(status), (took, status)
        assert not os.path.ismount(mirror.path)


def sigterm_unmounts(_report):
    with mirror_with("f") as mirror:
        os.kill(mirror.pid, signal.SIGTERM)
        deadline = time.monotonic() + 5
        while os.path.ismount(mirror.path) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not os.path.ismount(mirror.path)


def dead_daemon_is_enotconn(_report):
    with mirror_with("f") as mirror:
        handle = os.open(mirror.path / "f", os.O_RDONLY)
        mirror.kill()
        assert errno_of(os.pread, handle, 16, 0) == errno.ENOTCONN
        assert errno_of(os.open, mirror.path / "f", os.O_RDONLY) == errno.ENOTCONN
        assert errno_of(os.close, handle) == errno.ENOTCONN


def mirror_is_faithful(_report):
    for direct in (True, False):
        with mirror_with(direct=direct) as mirror:
            folder = mirror.path / "folder"
            folder.mkdir()
            for number in range(2000):
                (folder / f"{number}").touch()
            assert sorted(map(int, os.listdir(folder))) == list(range(2000))
            file = folder / "0"
            file.write_bytes(CONTENT * 40)
            os.truncate(file, len(CONTENT))
            with opened(file, os.O_RDWR | os.O_APPEND) as handle:
                os.write(handle, b"end")
                os.symlink("0", folder / "symbolic")
                assert (folder / "symbolic").read_bytes() == CONTENT + b"end"
                os.link(file, folder / "hard")
                os.rename(file, mirror.path / "moved")
                mirror.control("write EIO 1 1 moved")
                assert errno_of(os.write, handle, b"x") == errno.EIO
                os.unlink(mirror.path / "moved")
                os.unlink(folder / "hard")
                assert os.fstat(handle).st_size == len(CONTENT) + 3
                assert os.fstat(handle).st_nlink == 0
                assert os.pread(handle, 9, len(CONTENT)) == b"end"
            (mirror.path / "short").write_bytes(CONTENT)
            (mirror.path / "short").write_bytes(b"rewritten")
            assert (mirror.backing / "short").read_bytes() == b"rewritten"
            os.mkfifo(folder / "pipe")
            assert (folder / "pipe").is_fifo() and not file.exists()


CASES = [
    nth_read_fails, each_operation_fails, sync_and_close_fail, short_and_corrupt, delay_is_kept,
    hang_ends_with_clear, killed_caller_is_gone, control_survives_a_locked_root,
    clear_races_with_arrivals, bad_script_changes_nothing, hung_threads_disturb_nobody,
    hung_async_reads_disturb_nobody, stop_frees_hung_callers, sigterm_unmounts,
    dead_daemon_is_enotconn, mirror_is_faithful,
]
