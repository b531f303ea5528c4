#!/usr/bin/env python3
"""The Python tests with an extension that is built with ASan and UBSan.

CPython's own allocator is switched off (PYTHONMALLOC=malloc), so that each object has its guards.
Leaks are leaks.py's business: what CPython itself never frees would be reported here. Left out are
tests whose programs start others without the sanitizer, or have too little memory for it, or are
about files beside the package.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build/python-sanitized"
BUILD_TIMEOUT_S = 600
TESTS_TIMEOUT_S = 500
LEFT_OUT = ["test_install.py", "test_surface.py", "test_stdio.py", "test_examples.py",
            "test_bench.py", "test_demo.py", "test_memory.py"]
# Slow for its own reasons, and about memory that CPython looks after.
NOT_THESE = "not tracemalloc"


def runtime(name):
    found = subprocess.run(["gcc", f"-print-file-name={name}"], check=False, text=True,
                           capture_output=True).stdout.strip()
    return found if os.path.isabs(found) else None


def build():
    """The folder to import from; None, with the reason told."""
    ran = subprocess.run(
        [ROOT / "scripts/python-build", sys.executable, "-DRINGFILES_SANITIZE=address,undefined"],
        env={**os.environ, "RINGFILES_PYTHON_BUILD": str(BUILD)}, check=False, text=True,
        timeout=BUILD_TIMEOUT_S, capture_output=True)
    if ran.returncode == 0:
        return ran.stdout.split()[-1]
    print(ran.stderr[-4000:])
    print("FAIL build: it does not build with sanitizers")
    return None


def test(package, preloaded):
    ignored = [f"--ignore={ROOT / 'tests/python' / name}" for name in LEFT_OUT]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--capture=sys", "-p", "no:cacheprovider",
         "-k", NOT_THESE,
         *ignored, ROOT / "tests/python"],
        env={**os.environ, "PYTHONPATH": package, "PYTHONMALLOC": "malloc",
             "LD_PRELOAD": " ".join(preloaded), "ASAN_OPTIONS": "detect_leaks=0",
             "UBSAN_OPTIONS": "print_stacktrace=1"},
        check=False, text=True, timeout=TESTS_TIMEOUT_S, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    reported = re.search(r"(ERROR: AddressSanitizer|runtime error): .*", ran.stdout)
    if ran.returncode == 0 and not reported:
        print("PASS the Python tests under ASan and UBSan")
        return 0
    print(ran.stdout[-8000:])
    print(f"FAIL the Python tests under ASan and UBSan: "
          f"{reported.group(0) if reported else ran.stdout.splitlines()[-1:]}")
    return 1


def main():
    preloaded = [runtime(name) for name in ("libasan.so", "libstdc++.so")]
    if None in preloaded:
        print("SKIP the Python tests under ASan and UBSan: gcc has no sanitizer here")
        return 0
    package = build()
    return test(package, preloaded) if package else 1


if __name__ == "__main__":
    sys.exit(main())
