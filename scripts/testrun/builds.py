"""Configures and builds presets, each target once in a run."""

import os

from . import process

CONFIGURE_TIMEOUT_S = 300
BUILD_TIMEOUT_S = 1800


class Builds:
    def __init__(self, root, tally):
        self.root, self.tally = root, tally
        self.outcomes = {}

    def folder(self, preset):
        return self.root / "build" / preset

    def configure(self, preset):
        return self.step(f"{preset}: configure", CONFIGURE_TIMEOUT_S,
                         ["cmake", "--preset", preset])

    def build(self, preset, *targets):
        """False when it does not build, which then has been counted."""
        if not self.configure(preset):
            return False
        command = ["cmake", "--build", self.folder(preset), "-j", len(os.sched_getaffinity(0))]
        if targets:
            command += ["--target", *targets]
        return self.step(f"{preset}: build {' '.join(targets)}".strip(), BUILD_TIMEOUT_S, command)

    def step(self, name, timeout_s, command):
        """Runs a command that must succeed; counts it when it does not."""
        if name not in self.outcomes:
            ran = process.run(command, timeout_s, cwd=self.root)
            self.outcomes[name] = ran.good
            if not ran.good:
                self.tally.failed(name, ran.how_it_ended(timeout_s))
                ran.print_tail()
        return self.outcomes[name]

    def manifest(self, preset):
        """(name → path of each test program, [(file, reason) of what was left out])."""
        fields = self.manifest_fields(preset)
        binaries = {name: path for kind, name, path in fields if kind == "binary"}
        return binaries, [(name, why) for kind, name, why in fields if kind == "skipped"]

    def fuzzers(self, preset):
        """Name → path of each."""
        return {name: path for kind, name, path in self.manifest_fields(preset)
                if kind == "fuzzer"}

    def manifest_fields(self, preset):
        path = self.folder(preset) / "ringfiles_tests.txt"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split(" ", 2) for line in lines if line.strip()]
