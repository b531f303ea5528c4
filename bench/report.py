#!/usr/bin/env python3
"""Runs the micro-benchmarks interleaved and prints each bar with its ratio of medians.

    bench/report.py build/release/ringfiles_bench [rounds]

Figures of one run compare with each other, never with those of another run. Exit status 1 when a
bar was missed.
"""
import json
import subprocess
import sys

# (what, ours, theirs, bound, whether the ratio must stay below the bound)
BARS = [
    ("cached 4 KiB read_at, generic task / pread", "task/read_at_cached_4k",
     "pread/cached_4k", 1.4, True),
    ("cached 4 KiB read_at, Asio / pread", "asio/read_at_cached_4k",
     "pread/cached_4k", 1.8, True),
    ("next_lines: rate / getline's", "task/next_lines_80m", "getline/cached_80m", 3.0, False),
    ("readline under Asio: rate / getline's", "asio/readline_80m",
     "getline/cached_80m", 0.5, False),
    ("readline in a task: rate / getline's", "task/readline_80m",
     "getline/cached_80m", 0.5, False),
    ("write of 100 bytes: rate / ofstream's", "task/write_100", "ofstream/write_100", 0.7, False),
]


def medians(program, rounds):
    command = [program, f"--benchmark_repetitions={rounds}", "--benchmark_min_time=0.2",
               "--benchmark_enable_random_interleaving=true", "--benchmark_format=json",
               "--benchmark_filter=(pread|task|getline|ofstream|asio)/"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = {}
    for row in json.loads(done.stdout)["benchmarks"]:
        if row.get("aggregate_name") == "median":
            found[row["run_name"].split("/real_time")[0]] = row["real_time"]
    return found


def main():
    times = medians(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 9)
    missed = 0
    for what, ours, theirs, bound, below in BARS:
        if ours not in times or theirs not in times:
            print(f"not measured: {what}")
            continue
        ratio = times[ours] / times[theirs] if below else times[theirs] / times[ours]
        met = ratio <= bound if below else ratio >= bound
        missed += not met
        sign = "<=" if below else ">="
        print(f"{'met   ' if met else 'MISSED'} {what}: {ratio:.2f} (bar {sign} {bound})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
