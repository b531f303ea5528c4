"""A disk of so many bytes a second: a control group for a loop device, else faultfs with delays.

    with throttled_disk(1 << 20) as disk:
        run_probe("some_probe", f"--file={disk.path / 'file'}", wrapper=disk.wrapper)
"""

import contextlib
import os
import pathlib
import tempfile
from typing import NamedTuple

from .mounts import binary, faultfs, loop_filesystem
from .report import Unavailable

GROUPS = pathlib.Path("/sys/fs/cgroup/blkio")  # version 1
DISK_MIB = 256
# The kernel sends a mirror this much at once, at the most.
REQUEST_BYTES = 1 << 20


class ThrottledDisk(NamedTuple):
    """The wrapper is put before a program: what it writes is slow."""

    path: pathlib.Path
    wrapper: tuple
    how: str


@contextlib.contextmanager
def _group(device, bytes_per_s):
    """A control group whose writes to the device (MAJOR:MINOR) are throttled."""
    try:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="ringfiles-", dir=GROUPS))
    except OSError as error:
        raise Unavailable(f"no control group for block devices: {error}") from None
    try:
        try:
            (folder / "blkio.throttle.write_bps_device").write_text(f"{device} {bytes_per_s}\n")
        except OSError as error:
            raise Unavailable(f"writes cannot be throttled: {error}") from None
        yield folder
    finally:
        folder.rmdir()


@contextlib.contextmanager
def loop_in_group(bytes_per_s):
    """An ext4 on a loop device. Each write(2) waits for the disk (`sync`): the group is not asked
    about what the kernel writes later on its own."""
    with loop_filesystem("ext4", DISK_MIB, "sync") as path:
        number = os.stat(path).st_dev
        device = f"{os.major(number)}:{os.minor(number)}"
        with _group(device, bytes_per_s) as group:
            join = f'echo $$ > "{group}/cgroup.procs" && exec "$@"'
            yield ThrottledDisk(path, ("/bin/sh", "-c", join, "sh"), "blkio on a loop device")


@contextlib.contextmanager
def mirror_with_delays(bytes_per_s):
    """Each request waits as long as its bytes take, were it a whole one."""
    with faultfs(binary("faultfs")) as mirror:
        delay_ms = 1000 * REQUEST_BYTES // bytes_per_s
        mirror.control(f"clear\nwrite delay={delay_ms} 1 {1 << 60}")
        yield ThrottledDisk(mirror.path, (), "faultfs with delays")


@contextlib.contextmanager
def throttled_disk(bytes_per_s):
    with contextlib.ExitStack() as stack:
        try:
            disk = stack.enter_context(loop_in_group(bytes_per_s))
        except Unavailable:
            disk = stack.enter_context(mirror_with_delays(bytes_per_s))
        yield disk
