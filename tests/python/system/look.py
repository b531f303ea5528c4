"""What this process holds, and by how much it may have grown between two looks."""

import ctypes
import gc
import os
import sys
import time
from pathlib import Path

# Of the engine's pool, which are many after many closes at once.
IDLE_THREADS_END_S = 6
MOST_BLOCKS = 200
MOST_OBJECTS = 50
MOST_NONES = 50
MOST_RSS_KIB = 2048 if os.environ.get("RINGFILES_SOAK") else 1024


class Look:
    def __init__(self):
        for _ in range(3):
            gc.collect()
        trim()
        self.blocks = sys.getallocatedblocks()
        self.objects = len(gc.get_objects())
        self.nones = sys.getrefcount(None)
        self.descriptors = len(os.listdir("/proc/self/fd"))
        self.threads = threads()
        self.rss_kib = int(Path("/proc/self/statm").read_text().split()[1]) * 4

    def growth_to(self, other):
        most = {"blocks": MOST_BLOCKS, "objects": MOST_OBJECTS, "nones": MOST_NONES,
                "descriptors": 0, "threads": 4, "rss_kib": MOST_RSS_KIB}
        grown = {name: getattr(other, name) - getattr(self, name) for name in most}
        if grown["threads"] > most["threads"]:
            time.sleep(IDLE_THREADS_END_S)
            grown["threads"] = threads() - self.threads
        return {name: by for name, by in grown.items() if by > most[name]}


def threads():
    return len(os.listdir("/proc/self/task"))


def trim():
    """What is free goes back to the system: only what is held counts."""
    ctypes.CDLL(None).malloc_trim(0)
