"""A disk in compressed memory that has less of it than it says: writes succeed, fsync fails.

Of the faults of real disks it is the one that needs no FUSE, no loop and no file below it.
"""

import contextlib
import os
import pathlib
import stat
import subprocess

from .mounts import Unavailable, mount_point

CONTROL = pathlib.Path("/sys/class/zram-control")
DISK_MIB, MEMORY_MIB = 400, 24


@contextlib.contextmanager
def _device():
    """(the folder of a new device in /sys, its node)"""
    try:
        number = int((CONTROL / "hot_add").read_text(encoding="utf-8"))
    except OSError as error:
        raise Unavailable(f"no zram: {error}") from None
    device = pathlib.Path(f"/sys/block/zram{number}")
    node = pathlib.Path(f"/dev/zram{number}")
    made = not node.exists()
    try:
        if made:
            major, minor = (device / "dev").read_text(encoding="utf-8").split(":")
            os.mknod(node, 0o600 | stat.S_IFBLK, os.makedev(int(major), int(minor)))
        yield device, node
    finally:
        with contextlib.suppress(OSError):
            (device / "reset").write_text("1", encoding="utf-8")
            (CONTROL / "hot_remove").write_text(str(number), encoding="utf-8")
        if made:
            node.unlink(missing_ok=True)


def _run(*words):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True)
    if done.returncode != 0:
        raise Unavailable(f"{words[0]} failed: {done.stdout.strip()}")


@contextlib.contextmanager
def zram_disk():
    """An ext4 on it. What cannot be compressed, and is more than MEMORY_MIB, fails to be synced."""
    with _device() as (device, node):
        (device / "disksize").write_text(f"{DISK_MIB}M", encoding="utf-8")
        _run("mkfs.ext4", "-q", "-F", "-J", "size=4", node)
        with mount_point() as folder:
            _run("mount", "-t", "ext4", node, folder)
            limit = device / "mem_limit"
            limit.write_text(f"{MEMORY_MIB}M", encoding="utf-8")
            try:
                yield folder
            finally:  # with room to write what is left, the unmount cannot hang on retries
                limit.write_text("0", encoding="utf-8")
