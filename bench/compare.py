#!/usr/bin/env python3
"""Times whole programs beside well-known ones, interleaved, and prints ratios of medians.

    bench/compare.py [--build build/release] [--dir FOLDER] [--rounds 5] [--only NAME]

FOLDER must lie on a disk file system; 3 GB are written there and removed again. "Cold" means that
the file's pages were dropped (POSIX_FADV_DONTNEED) just before each run. Needs fio, ripgrep, cat,
dd and sort. Exit status 1 when a bar was missed.
"""
import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

GIB = 1 << 30


def drop(path):
    """The pages of a file leave the cache."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


def timed(command, **options):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    return time.perf_counter() - start


class Bench:
    def __init__(self, build, folder, rounds):
        self.driver = build / "bench/io_driver"
        self.logagg = build / "logagg"
        self.folder = folder
        self.rounds = rounds
        self.missed = 0
        self.big = folder / "big.bin"
        self.logs = [folder / f"service_{i:02}.log" for i in range(64)]

    def prepare_big(self):
        if not self.big.exists():
            with open(self.big, "wb") as out:
                for _ in range(GIB // (1 << 24)):
                    out.write(os.urandom(1 << 24))

    def prepare_logs(self):
        """1 GiB in 64 files, 1 % of the lines with ERROR, lines of some 100 bytes."""
        if self.logs[0].exists():
            return
        for number, path in enumerate(self.logs):
            lines = []
            size = 0
            second = 0
            while size < GIB // 64:
                second += 1
                level = "ERROR" if second % 100 == 7 else "INFO"
                line = (f"2026-05-{7 + second // 86400:02} {second // 3600 % 24:02}:"
                        f"{second // 60 % 60:02}:{second % 60:02} {level} worker-{number} handled "
                        f"request {second} for /api/v1/users/{second * 7919 % 100003} in 12ms\n")
                lines.append(line)
                size += len(line)
            path.write_text("".join(lines))
            drop(path)  # to the disk now, not while something is measured

    def report(self, what, ours, theirs, bound, more_is_better):
        """A ratio of medians: of rates when more is better, else of times."""
        ratio = statistics.median(ours) / statistics.median(theirs)
        met = ratio >= bound if more_is_better else ratio <= bound
        self.missed += not met
        print(f"{'met   ' if met else 'MISSED'} {what}: {ratio:.2f} (bar "
              f"{'>=' if more_is_better else '<='} {bound}; ours {statistics.median(ours):.4g}, "
              f"theirs {statistics.median(theirs):.4g}, {len(ours)} rounds)", flush=True)

    def random_reads(self):
        self.prepare_big()
        ours, theirs = [], []
        fio = ["fio", "--name=r", f"--filename={self.big}", "--ioengine=io_uring", "--rw=randread",
               "--bs=4k", "--iodepth=64", "--time_based", "--runtime=2", "--size=1g",
               "--invalidate=1", "--randrepeat=0", "--output-format=terse", "--readonly"]
        for _ in range(self.rounds):
            drop(self.big)
            done = subprocess.run([self.driver, "random", self.big, "2", "64"], check=True,
                                  capture_output=True, text=True)
            ours.append(float(done.stdout))
            drop(self.big)
            done = subprocess.run(fio, check=True, capture_output=True, text=True)
            theirs.append(float(done.stdout.split(";")[7]))
        self.report("cold random 4 KiB reads, 64 outstanding: IOPS / fio's", ours, theirs, 0.9,
                    True)

    def sequential_read(self):
        self.prepare_big()
        ours, theirs = [], []
        for _ in range(self.rounds):
            drop(self.big)
            ours.append(1 / timed([self.driver, "cat", self.big]))
            drop(self.big)
            theirs.append(1 / timed(["cat", self.big]))
        self.report("cold sequential read of 1 GiB: rate / cat's", ours, theirs, 0.95, True)

    def sequential_write(self):
        ours, theirs = [], []
        target = self.folder / "written.bin"
        for _ in range(self.rounds):
            ours.append(1 / timed([self.driver, "write", target, "512"]))
            target.unlink()
            theirs.append(1 / timed(["dd", "if=/dev/zero", f"of={target}", "bs=256k", "count=2048",
                                     "conv=fdatasync", "status=none"]))
            target.unlink()
        self.report("sequential write with sync_data: rate / dd conv=fdatasync", ours, theirs,
                    0.95, True)

    def aggregate(self, cold):
        self.prepare_logs()
        report = self.folder / "report.txt"
        listed = " ".join(map(str, self.logs))
        ours, theirs = [], []
        other = f"cat {listed}" if cold else \
            f"rg -j2 -F ' ERROR ' {listed} | LC_ALL=C sort > {self.folder / 'sorted.txt'}"
        for path in self.logs if not cold else []:
            path.read_bytes()
        for _ in range(self.rounds):
            for run, times in (([self.logagg, "-o", report, *self.logs], ours),
                               (["sh", "-c", other], theirs)):
                for path in self.logs if cold else []:
                    drop(path)
                times.append(timed(run))
        what, bound = ("cold: time / cat's", 1.2) if cold else \
            ("cached: time / rg -j2 | sort", 1.5)
        self.report(f"logagg on 1 GiB in 64 files, {what}", ours, theirs, bound, False)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--build", type=pathlib.Path, default="build/release")
    arguments.add_argument("--dir", type=pathlib.Path, default="/var/tmp")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--only", default="")
    chosen = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ringfiles-", dir=chosen.dir))
    bench = Bench(chosen.build.resolve(), folder, chosen.rounds)
    jobs = {"random": bench.random_reads, "read": bench.sequential_read,
            "write": bench.sequential_write, "logagg": lambda: bench.aggregate(False),
            "logagg-cold": lambda: bench.aggregate(True)}
    try:
        for name, job in jobs.items():
            if re.fullmatch(chosen.only or ".*", name):
                job()
    finally:
        shutil.rmtree(folder)
    return 1 if bench.missed else 0


if __name__ == "__main__":
    sys.exit(main())
