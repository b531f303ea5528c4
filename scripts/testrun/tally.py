"""Counts results and prints them: failures at once, skips at the end with their reasons."""

from collections import defaultdict

SKIPPED_NAMES_SHOWN = 3


class Tally:
    def __init__(self):
        self.passed_count = 0
        self.failures = []
        self.skips = []

    def passed(self, _name):
        self.passed_count += 1

    def failed(self, name, why):
        self.failures.append((name, why))
        print(f"FAIL {name}: {why}", flush=True)

    def skipped(self, name, reason):
        self.skips.append((name, reason or "no reason given"))

    def add(self, other):
        """What was counted, and printed, elsewhere at the same time."""
        self.passed_count += other.passed_count
        self.failures += other.failures
        self.skips += other.skips

    def counts(self):
        return self.passed_count, len(self.failures), len(self.skips)

    def since(self, earlier):
        """In words, what was added to the counts since `earlier`."""
        passed, failed, skipped = (now - then for now, then in zip(self.counts(), earlier))
        return f"{passed} passed, {failed} failed, {skipped} skipped"

    def print_skips(self):
        names_of = defaultdict(list)
        for name, reason in self.skips:
            names_of[reason].append(name)
        for reason, names in sorted(names_of.items(), key=lambda item: -len(item[1])):
            more = len(names) - SKIPPED_NAMES_SHOWN
            tail = f" and {more} more" if more > 0 else ""
            print(f"SKIP {reason}: {', '.join(names[:SKIPPED_NAMES_SHOWN])}{tail}")

    def print_end(self):
        """What a reader needs last; the very last line is read by machines too."""
        self.print_skips()
        for name, why in self.failures:
            print(f"FAIL {name}: {why}")
        print(self.since((0, 0, 0)), flush=True)
