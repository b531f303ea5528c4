#!/usr/bin/env python3
"""Disks that are full or lie: each accepted byte is stored or reported as lost, for good.

The kernel reports a failed sync once; the next one says success with the data gone. An open file
of ringfiles repeats the failure until it is closed, and at the close as well.
"""

import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support import mounts  # noqa: E402
from support.mounts import binary, faultfs  # noqa: E402
from support.programs import backends, note, run_probe, soak  # noqa: E402
from support.report import Reporter  # noqa: E402
from support.zram import zram_disk  # noqa: E402

FILLS = 1000 if soak() else 100
FILLS_OF_SMALL = 200 if soak() else 100
FILLS_OF_DISK = 200 if soak() else 20
# Removed when the disk is full: more than a file buffers.
FILLER_BYTES = 5 << 20
WRITTEN_MIB = 80
SYNCS = 6


def check_sticky(backend, name, path, mib):
    figures = run_probe("disk_probe", "--do=sync", f"--file={path}", f"--mib={mib}",
                        backend=backend, timeout_s=120)
    note(f"{name} ({backend}): "
         f"{figures.brief('first_errno', 'failed_syncs', 'close_failed', 'reopened_good')}")
    assert figures.last("failed_syncs") > 0, "no sync failed here: no proof"
    assert figures.last("good_after_failure") == 0
    assert figures.last("other_errnos") == 0
    assert figures.last("close_failed") == figures.last("first_errno")


@contextlib.contextmanager
def broken_disk(kind):
    """A disk that refuses writes from some moment on; mkfs and mount still worked."""
    with mounts.slow_disk(binary("faultfs"), kind) as disk:
        disk.mirror.control("clear\nwrite EIO 1 9999999 image")
        yield disk.path


@contextlib.contextmanager
def broken_mirror():
    """A network file system whose server fails one fsync and forgets about it."""
    with faultfs(binary("faultfs")) as mirror:
        mirror.control("clear\nfsync EIO 1 1")
        yield mirror.path


PLACES = {
    "thin ext4": (lambda: mounts.thin_loop("ext4"), WRITTEN_MIB),
    "thin xfs": (lambda: mounts.thin_loop("xfs"), WRITTEN_MIB + 40),
    "thin btrfs": (lambda: mounts.thin_loop("btrfs"), WRITTEN_MIB),
    "zram": (zram_disk, WRITTEN_MIB),
    "broken disk": (lambda: broken_disk("ext4"), 1),
    "broken mirror": (broken_mirror, 1),
}


def sync_is_sticky(backend, name):
    place, mib = PLACES[name]
    with place() as folder:
        check_sticky(backend, name, folder / "file", mib)


def full_disk_is_told(backend, place, filler, count):
    with place as folder:
        figures = run_probe("disk_probe", "--do=full", f"--folder={folder}",
                            f"--filler={filler}", f"--count={count}", backend=backend,
                            timeout_s=1200)
    note(f"full ({backend}): {figures.brief('runs', 'short_files')}")
    assert figures.last("runs") == count


def main():
    mounts.isolate()
    report = Reporter()
    for backend in backends(report, "full_disk"):
        for name in PLACES:
            with report.case(f"sync_is_sticky on {name} ({backend})"):
                sync_is_sticky(backend, name)
        with report.case(f"full_disk_is_told on tmpfs of 8 MiB ({backend})"):
            full_disk_is_told(backend, mounts.small_tmpfs(8), FILLER_BYTES, FILLS)
        with report.case(f"full_disk_is_told on tmpfs of 1 MiB ({backend})"):
            full_disk_is_told(backend, mounts.small_tmpfs(1), 0, FILLS_OF_SMALL)
        with report.case(f"full_disk_is_told on ext4 of 16 MiB ({backend})"):
            full_disk_is_told(backend, mounts.loop_filesystem("ext4", 16), FILLER_BYTES,
                              FILLS_OF_DISK)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
