"""What the runs of one target mean.

A method counts ("reachable") when the proxy passes it and opened a file through the facade. Of
those, internal.txt names the ones that no package with the surface of aiofiles can pass.
"""

import fnmatch
import json
import sys

GOOD, BAD, EXCUSED = "PASS", "FAIL", "SKIP"


def read_internal(path):
    """[(pattern, versions, reason)] of lines `pattern [3.11,3.12]: reason`."""
    rules = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.strip()
            if line and not line.startswith("#"):
                head, _, reason = line.partition(": ")
                pattern, _, versions = head.partition(" ")
                rules.append((pattern, versions.strip("[]").split(",") if versions else [], reason))
    return rules


def internal_reason(rules, name):
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for pattern, versions, reason in rules:
        if (not versions or version in versions) and fnmatch.fnmatchcase(name, pattern):
            return reason
    return None


def is_reachable(result):
    return result["outcome"] == "pass" and result["opens"] > 0


def judge(result, reason):
    """(PASS, FAIL or SKIP; words) for a reachable method. Without an open it has not passed."""
    if is_reachable(result):
        return GOOD, ""
    if result["outcome"] == "pass":
        return BAD, "it did not open its files through the package"
    words = f"{result['outcome']}: {result['why']}"
    if reason is not None:
        return EXCUSED, f"{reason} ({words})"
    return BAD, words


def _read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def compare(first_path, second_path):
    """Prints the methods whose outcome differs; returns how many there are."""
    first, second = _read(first_path), _read(second_path)
    count = 0
    for name in sorted(set(first["tests"]) | set(second["tests"])):
        one, two = (file["tests"].get(name, {"outcome": "absent"}) for file in (first, second))
        if one["outcome"] != two["outcome"]:
            count += 1
            why = two.get("why") or one.get("why") or ""
            print(f"{name}: {one['outcome']} -> {two['outcome']}: {why}")
    print(f"{count} differ: {first['target']} {first['passed']} of {first['reachable']}, "
          f"{second['target']} {second['passed']} of {second['reachable']}")
    return count
