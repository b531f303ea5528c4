#!/usr/bin/env python3
"""logagg as its users call it: real files in, the report's bytes and the exit status out."""
import gzip
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

from support.mounts import build_folder
from support.report import Reporter

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOGAGG = build_folder().resolve() / "logagg"
FOUND, NONE, ERROR, PARTIAL = 0, 1, 2, 3
RULE = "=" * 50


def run(*arguments, cwd, backend="", limit_mib=0):
    environment = dict(os.environ, RINGFILES_BACKEND=backend)

    def limit():
        if limit_mib:
            resource.setrlimit(resource.RLIMIT_DATA, (limit_mib << 20, limit_mib << 20))
    return subprocess.run([LOGAGG, *arguments], cwd=cwd, env=environment, capture_output=True,
                          timeout=120, preexec_fn=limit)


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


def same_bytes_for_any_jobs(report, folder):
    for number in range(40):
        lines = [f"2026-05-07 08:00:{i % 60:02} {'ERROR' if i % 3 else 'INFO'} {number} line {i}"
                 for i in range(500)]
        (folder / f"many_{number:02}.log").write_text("\n".join(lines))
    reports = {run("-j", jobs, ".", cwd=folder, backend=backend).stdout
               for jobs in ("1", "2", "7", "64", "1000") for backend in ("uring", "threads")}
    report.check("BytesAreTheSameForAnyJobsAndBackEnd", len(reports) == 1 and b"errors" in
                 next(iter(reports)), f"{len(reports)} different reports")


def odd_input(report, folder):
    (folder / "plain.gz").write_bytes(gzip.compress(b"2026-05-07 09:00:00 ERROR packed\n") * 2)
    packed = run("plain.gz", cwd=folder)
    report.check("GzipMembersAreReadInPlace", packed.stdout.count(b"ERROR packed") == 2,
                 repr(packed.stdout))
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


def main():
    report = Reporter("logagg/")
    for case in (article_report, exit_statuses, same_bytes_for_any_jobs, odd_input,
                 memory_is_bounded):
        with report.case(case.__name__), tempfile.TemporaryDirectory() as folder:
            case(report, pathlib.Path(folder))
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
