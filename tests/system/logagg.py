#!/usr/bin/env python3
"""logagg as its users call it: real files in, the report's bytes and the exit status out."""
import gzip
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time

from support.mounts import build_folder
from support.report import Reporter

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOGAGG = build_folder().resolve() / "logagg"
FOUND, NONE, ERROR, PARTIAL = 0, 1, 2, 3
RULE = "=" * 50


def run(*arguments, cwd, backend="", limit_mib=0, file_limit_mib=0):
    environment = dict(os.environ, RINGFILES_BACKEND=backend)

    def limit():
        if limit_mib:
            resource.setrlimit(resource.RLIMIT_DATA, (limit_mib << 20, limit_mib << 20))
        if file_limit_mib:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit_mib << 20, file_limit_mib << 20))
    return subprocess.run([LOGAGG, *arguments], cwd=cwd, env=environment, capture_output=True,
                          timeout=120, preexec_fn=limit)


def peak_mib(*arguments, cwd):
    """The most memory that a run had at one time (resident), and its exit status."""
    child = subprocess.Popen([LOGAGG, *arguments], cwd=cwd, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss // 1024, child.returncode


def report_of(*lines):
    return "\n".join([f"Error Report -- {len(lines)} errors found", RULE, *lines, ""]).encode()


def write_article_logs(folder):
    (folder / "service_a.log").write_text(
        "2026-05-07 08:01:00 INFO request received\n"
        "2026-05-07 08:01:05 ERROR DB timeout on query /users\n")
    (folder / "service_b.log").write_text(
        "2026-05-07 08:02:15 ERROR queue consumer crashed: ConnectionReset\n")
    (folder / "service_c.log").write_text("2026-05-07 08:03:00 INFO all systems nominal\n")


ARTICLE = report_of(
    "[service_a.log] 2026-05-07 08:01:05 ERROR DB timeout on query /users",
    "[service_b.log] 2026-05-07 08:02:15 ERROR queue consumer crashed: ConnectionReset")


def article_report(report, folder):
    write_article_logs(folder)
    done = run("-o", "report.txt", "service_a.log", "service_b.log", "service_c.log", cwd=folder)
    written = (folder / "report.txt").read_bytes()
    report.check("ArticleReportIsWritten", written == ARTICLE and done.returncode == FOUND,
                 f"{done.returncode}, {written!r}")
    left = sorted(path.name for path in folder.iterdir())
    report.check("NoTemporaryFileIsLeft", left == [
        "report.txt", "service_a.log", "service_b.log", "service_c.log"], str(left))
    globbed = run("service_?.log", cwd=folder)
    report.check("PatternsAreExpandedInside", globbed.stdout == ARTICLE, repr(globbed.stdout))


def exit_statuses(report, folder):
    write_article_logs(folder)
    none = run("service_c.log", cwd=folder)
    report.check("NothingFoundIsStatusOne", none.returncode == NONE, str(none.returncode))
    partial = run("service_a.log", "missing.log", cwd=folder)
    named = b"missing.log: No such file or directory" in partial.stderr
    report.check("MissingFileIsNamedAndTheRestGoesOn",
                 partial.returncode == PARTIAL and named and b"DB timeout" in partial.stdout,
                 f"{partial.returncode} {partial.stderr!r}")
    for name, arguments in {"NoReadableInputIsAnError": ["missing.log"],
                            "UnknownOptionIsAnError": ["--wrong"],
                            "WrongExpressionIsAnError": ["--match", "(", "service_a.log"],
                            "UnwritableReportIsAnError": ["-o", "no/such/folder/r.txt",
                                                          "service_a.log"]}.items():
        done = run(*arguments, cwd=folder)
        report.check(name, done.returncode == ERROR and done.stderr, str(done.returncode))


def patterns_without_a_match(report, folder):
    write_article_logs(folder)
    (folder / "empty.d").mkdir()
    partial = run("service_?.log", "nothing*.log", cwd=folder)
    report.check("PatternWithoutMatchIsNamedAndTheRestGoesOn",
                 partial.returncode == PARTIAL and partial.stdout == ARTICLE and
                 b"nothing*.log: no file matches this pattern" in partial.stderr,
                 f"{partial.returncode} {partial.stderr!r}")
    for pattern in ("nothing*.log", "*.d", "empty.d/**"):
        alone = run(pattern, cwd=folder)
        report.check("PatternWithoutMatchAloneIsAnError",
                     alone.returncode == ERROR and pattern.encode() + b": no" in alone.stderr,
                     f"{pattern}: {alone.returncode} {alone.stderr!r}")


def files_with_several_names(report, folder):
    write_article_logs(folder)
    (folder / "linked.d").mkdir()
    os.link(folder / "service_a.log", folder / "linked.d" / "hard.log")
    os.symlink(folder / "service_b.log", folder / "soft.log")
    os.symlink(folder, folder / "linked.d" / "round")
    done = run("service_a.log", "service_b.log", "./service_a.log", "linked.d", "soft.log", ".",
               "*.log", folder / "service_a.log", "linked.d/round/service_b.log", cwd=folder)
    report.check("FileWithSeveralNamesIsReadOnceUnderTheFirst",
                 done.stdout == ARTICLE and done.returncode == FOUND, repr(done.stdout))
    missing = run("gone.log", "gone.log", cwd=folder)
    report.check("MissingFileIsNamedOnce", missing.stderr.count(b"gone.log") == 1,
                 repr(missing.stderr))


def version_is_the_projects(report, folder):
    project = re.search(r"VERSION (\d+\.\d+\.\d+)", (ROOT / "CMakeLists.txt").read_text())
    shown = run("--version", cwd=folder).stdout
    report.check("VersionIsTheProjects", shown == f"logagg {project[1]}\n".encode(), repr(shown))


def same_bytes_for_any_jobs(report, folder):
    for number in range(40):
        lines = [f"2026-05-07 08:00:{i % 60:02} {'ERROR' if i % 3 else 'INFO'} {number} line {i}"
                 for i in range(500)]
        (folder / f"many_{number:02}.log").write_text("\n".join(lines))
    reports = {run("-j", jobs, ".", cwd=folder, backend=backend).stdout
               for jobs in ("1", "2", "7", "64", "1000") for backend in ("uring", "threads")}
    report.check("BytesAreTheSameForAnyJobsAndBackEnd", len(reports) == 1 and b"errors" in
                 next(iter(reports)), f"{len(reports)} different reports")


def write_slowly(path, data):
    with open(path, "wb", buffering=0) as pipe:
        for number in range(len(data)):
            pipe.write(data[number:number + 1])
            time.sleep(0.05 if number < 3 else 0)


def odd_input(report, folder):
    (folder / "plain.gz").write_bytes(gzip.compress(b"2026-05-07 09:00:00 ERROR packed\n") * 2)
    packed = run("plain.gz", cwd=folder)
    report.check("GzipMembersAreReadInPlace", packed.stdout.count(b"ERROR packed") == 2,
                 repr(packed.stdout))
    os.mkfifo(folder / "slow.gz")
    trickle = threading.Thread(target=write_slowly, args=(
        folder / "slow.gz", gzip.compress(b"2026-05-07 09:00:00 ERROR trickled\n")))
    trickle.start()
    slow = run("slow.gz", cwd=folder)
    trickle.join()
    os.unlink(folder / "slow.gz")
    report.check("GzipIsKnownInAPipeThatGivesAByteAtATime", b"ERROR trickled\n" in slow.stdout,
                 repr(slow.stdout))
    (folder / "cut.gz").write_bytes(gzip.compress(b"2026-05-07 09:00:00 ERROR kept\n" * 9999)[:-30])
    cut = run("cut.gz", cwd=folder)
    report.check("CutGzipIsPartial", cut.returncode == PARTIAL and b"cut.gz" in cut.stderr,
                 f"{cut.returncode} {cut.stderr!r}")
    (folder / "bytes.log").write_bytes(
        b"2026-05-07 10:00:00 ERROR caf\xe9 \xff\r\nERROR \x00 nul\n")
    odd = run("bytes.log", cwd=folder)
    report.check("BytesThatAreNotUtf8AreEscaped", b"ERROR caf\\xe9 \\xff\n" in odd.stdout,
                 repr(odd.stdout))
    os.mkfifo(folder / "pipe")
    folder_with_fifo = run(".", cwd=folder)
    report.check("FoldersWithFifosDoNotHang", folder_with_fifo.returncode == PARTIAL,
                 str(folder_with_fifo.returncode))
    full = subprocess.run(f"'{LOGAGG}' bytes.log > /dev/full", shell=True, cwd=folder,
                          capture_output=True, check=False)
    report.check("FullOutputIsAnError", full.returncode == ERROR, str(full.returncode))


def memory_is_bounded(report, folder):
    with open(folder / "giant.log", "wb") as giant:
        for _ in range(256):
            giant.write(b"x" * (1 << 20))
        giant.write(b"\n2026-05-07 11:00:00 ERROR after a line of 256 MiB\n")
        filler = b"2026-05-07 11:00:00 INFO nothing of interest in this line\n" * 17000
        for _ in range(256):
            giant.write(filler)
    done = run("giant.log", cwd=folder, limit_mib=192)
    report.check("MemoryIsBoundedByWhatMatches",
                 done.returncode == FOUND and b"after a line of 256 MiB" in done.stdout,
                 f"{done.returncode} {done.stderr!r}")


    (folder / "giant.log").unlink()
    rare = (b"2026-05-07 11:00:00 INFO nothing of interest in this line, but much of it\n" * 9999
            + b"2026-05-07 11:00:00 ERROR but this one matters\n")
    for number in range(16):
        with open(folder / f"part_{number:02}.log", "wb") as part:
            for _ in range((1 << 26) // len(rare)):
                part.write(rare)
    peak, status = peak_mib("-o", "report.txt", ".", cwd=folder)
    report.check("GigabyteWithFewMatchesNeedsLittleMemory", status == FOUND and peak < 64,
                 f"{peak} MiB, status {status}")


def report_is_streamed(report, folder):
    with open(folder / "loud.log", "wb") as loud:
        for _ in range(16):
            loud.write((b"2026-05-07 11:00:00 ERROR " + b"x" * 8000 + b"\n") * 1024)
    size = (folder / "loud.log").stat().st_size
    peak, status = peak_mib("-o", "report.txt", "loud.log", cwd=folder)
    report.check("ReportIsHeldOnce", status == FOUND and peak << 20 < size * 3 // 2,
                 f"{peak} MiB for a report of {size >> 20} MiB, status {status}")
    (folder / "report.txt").write_bytes(b"the old one")
    limited = run("-o", "report.txt", "loud.log", cwd=folder, file_limit_mib=8)
    left = sorted(path.name for path in folder.iterdir())
    report.check("ReportThatDoesNotFitLeavesTheOldOne",
                 limited.returncode == ERROR and b"report.txt" in limited.stderr and
                 b".tmp-" not in limited.stderr and left == ["loud.log", "report.txt"] and
                 (folder / "report.txt").read_bytes() == b"the old one",
                 f"{limited.returncode} {limited.stderr!r} {left}")
    os.mkfifo(folder / "pipe")
    write_article_logs(folder)
    (folder / "old.d").mkdir()
    (folder / "old.d" / "report.txt").write_bytes(b"the old one")
    os.symlink("old.d/report.txt", folder / "link.txt")
    run("-o", "link.txt", "service_a.log", "service_b.log", cwd=folder)
    report.check("LinkStaysAndLeadsToTheNewReport", (folder / "link.txt").is_symlink() and
                 (folder / "old.d" / "report.txt").read_bytes() == ARTICLE, "it was replaced")
    reader = subprocess.Popen(["cat", "pipe"], cwd=folder, stdout=subprocess.PIPE)
    run("-o", "pipe", "service_a.log", "service_b.log", cwd=folder)
    report.check("ReportGoesIntoAFifo", reader.communicate(timeout=60)[0] == ARTICLE,
                 "something else came out")
    report.check("FifoIsStillThere", (folder / "pipe").is_fifo(), "it was replaced")


def main():
    report = Reporter("logagg/")
    for case in (article_report, exit_statuses, patterns_without_a_match,
                 files_with_several_names, version_is_the_projects, same_bytes_for_any_jobs,
                 odd_input, memory_is_bounded, report_is_streamed):
        with report.case(case.__name__), tempfile.TemporaryDirectory() as folder:
            case(report, pathlib.Path(folder))
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
