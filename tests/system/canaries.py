#!/usr/bin/env python3
"""A cancelled read never touches memory that its caller got back, nor does a destroyed engine.

On a mirror the pool reads; on a disk whose blocks come from a mirror the ring does. A careless
program of plain liburing must lose its canaries on the mirror, or the test proves nothing.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import binary, faultfs, isolate, slow_disk  # noqa: E402
from support.programs import backends, note, run_probe, soak  # noqa: E402
from support.report import Reporter  # noqa: E402

CANCELS_ON_MIRROR = 100_000 if soak() else 10_000
CANCELS_ON_DISK = 20_000 if soak() else 1500
ROUNDS = 100 if soak() else 6
CARELESS_ROUNDS = 20 if soak() else 2
CARELESS_BYTES = 64 * 1024
TIMEOUT_S = 900 if soak() else 120
FILE_MIB = {"mirror": 4, "disk": 128}
# A read takes so long, on the disk each block; the engine waits 100 ms for reads when it goes.
DELAY_MS = {("cancel", "mirror"): 100, ("cancel", "disk"): 2,
            ("destroy", "mirror"): 250, ("destroy", "disk"): 10}


class Place:
    """A slow file, and the mirror that makes it slow."""

    def __init__(self, name, folder, mirror, pattern):
        self.name, self.mirror, self.pattern = name, mirror, pattern
        self.file = folder / "slow"
        self.file.write_bytes(b"a" * (FILE_MIB[name] << 20))
        with open(self.file, "rb+") as file:
            file.flush()

    def probe(self, backend, what, count):
        delay = DELAY_MS[what, self.name]
        self.mirror.control(f"clear\nread delay={delay} 1 9999999 {self.pattern}")
        figures = run_probe("canary_probe", f"--do={what}", f"--count={count}",
                            f"--file={self.file}", f"--faults={self.mirror.path}",
                            backend=backend, timeout_s=TIMEOUT_S)
        self.mirror.clear()
        return figures


def careless_program_is_caught(place):
    place.mirror.control(f"clear\nread delay=200 1 9999999 {place.pattern}")
    figures = run_probe("careless_ring", place.file, CARELESS_ROUNDS, timeout_s=TIMEOUT_S)
    place.mirror.clear()
    note(f"careless program: {figures.last('changed')} of {CARELESS_ROUNDS * CARELESS_BYTES} "
         "bytes overwritten")
    assert figures.last("changed") > 0, "the kernel wrote into no recycled memory: no proof"


def cancelled_reads_touch_nothing(backend, place):
    count = CANCELS_ON_MIRROR if place.name == "mirror" else CANCELS_ON_DISK
    figures = place.probe(backend, "cancel", count)
    note(f"cancel ({backend}, {place.name}): "
         f"{figures.brief('cancelled', 'changed', 'ring', 'pool')}")
    assert figures.last("changed") == 0
    assert figures.last("cancelled") > count // 2
    served = "ring" if (backend, place.name) == ("uring", "disk") else "pool"
    assert figures.last(served) > count // 10, "too few reads were inside the kernel"


def destroyed_engine_touches_nothing(backend, place):
    figures = place.probe(backend, "destroy", ROUNDS)
    note(f"destroy ({backend}, {place.name}): {figures.brief('in_flight', 'changed')}")
    assert figures.last("changed") == 0
    assert figures.last("in_flight") > ROUNDS * 32, "too few reads were inside the kernel"


def main():
    isolate()
    report = Reporter()
    with report.case("places"), faultfs(binary("faultfs")) as mirror, \
            slow_disk(binary("faultfs")) as disk:
        places = (Place("mirror", mirror.path, mirror, "slow"),
                  Place("disk", disk.path, disk.mirror, "image"))
        working = backends(report, "canaries")
        if "uring" in working:
            with report.case("careless_program_is_caught"):
                careless_program_is_caught(places[0])
        for backend in working:
            for place in places:
                for case in (cancelled_reads_touch_nothing, destroyed_engine_touches_nothing):
                    with report.case(f"{case.__name__} ({backend}, {place.name})"):
                        case(backend, place)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
