#!/usr/bin/env python3
"""Fails on an include that points against the direction of the folders, or at a library or a standard
header that its folder may not use. With --self-test: plants such includes in a copy of the sources and
fails unless each is found."""

import os
import re
import shutil
import sys
import tempfile

# What a folder may include, itself aside. The longest prefix of a path decides where it belongs.
MAY_INCLUDE = {
    "model": [],
    "sim/kernel": ["model"],
    "sim/search": ["model", "sim/kernel"],
    "scenarios": ["model", "sim/kernel", "sim/search"],
    "reports": ["model", "sim/kernel", "sim/search"],
    "sim/cli": ["model", "sim/kernel", "sim/search", "scenarios", "reports"],
    "tests": ["model", "sim/kernel", "sim/search", "scenarios", "reports", "sim/cli"],
}
# Third-party headers, by their first folder: the folders or files that may include them.
LIBRARIES = {
    "fmt": ["model", "sim/kernel", "sim/search", "scenarios", "reports", "sim/cli", "tests"],
    "nlohmann": ["scenarios", "tests"],
    "CLI": ["sim/cli/options.cpp"],
    "doctest": ["tests"],
}
# A protocol step can reach no clock, no dice, no file, no thread.
CLOCKS_AND_DICE = {
    "atomic", "chrono", "condition_variable", "ctime", "filesystem", "fstream", "future", "iostream", "mutex",
    "random", "regex", "semaphore", "shared_mutex", "stop_token", "thread", "time.h", "sys/time.h", "unistd.h",
}
# The kernel owns virtual time and its own dice; real ones would make runs differ.
BANNED = {
    "model": CLOCKS_AND_DICE | {"unordered_map", "unordered_set"},
    "sim/kernel": CLOCKS_AND_DICE | {"unordered_map", "unordered_set"},
    "sim/search": {"chrono", "ctime", "filesystem", "fstream", "iostream", "random", "regex", "time.h",
                   "unordered_map", "unordered_set"},
    "scenarios": {"chrono", "ctime", "random", "regex", "thread"},
    "reports": {"chrono", "ctime", "random", "regex", "thread"},
    "sim/cli": {"random", "regex"},
    "tests": set(),
}
# Slow to compile or to instantiate: not in a header, where everybody pays.
BANNED_IN_HEADERS = {"iostream", "regex", "random", "chrono", "filesystem", "ranges"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path):
    found = [f for f in MAY_INCLUDE if path.startswith(f + "/")]
    return max(found, key=len) if found else None


def sources(root):
    for folder in sorted({f.split("/")[0] for f in MAY_INCLUDE}):
        for where, folders, files in os.walk(os.path.join(root, folder)):
            folders.sort()
            for name in sorted(files):
                if name.endswith((".h", ".cpp")):
                    yield os.path.relpath(os.path.join(where, name), root)


def problem(root, path, folder, quoted, header):
    if quoted:
        if not os.path.exists(os.path.join(root, header)):
            return f'"{header}" is not a path from the root of the sources'
        target = folder_of(header)
        if target is None:
            return f'"{header}" lies in no known folder'
        if target != folder and target not in MAY_INCLUDE[folder]:
            return f"{folder} may not include {target}"
        return None
    library = header.split("/")[0] if "/" in header else None
    if library in LIBRARIES:
        if not any(path == allowed or path.startswith(allowed + "/") for allowed in LIBRARIES[library]):
            return f"<{header}> belongs to {' and '.join(LIBRARIES[library])} only"
        if library == "fmt" and path.endswith(".h") and "/precompiled/" not in path:
            return f"<{header}> in a header makes everybody compile it"
        return None
    if header in BANNED[folder]:
        return f"{folder} may not include <{header}>"
    if path.endswith(".h") and header in BANNED_IN_HEADERS:
        return f"<{header}> in a header makes everybody compile it"
    return None


def check(root):
    problems, files, includes = [], 0, 0
    for path in sources(root):
        files += 1
        folder = folder_of(path)
        if folder is None:
            problems.append(f"{path}:1: lies in none of {', '.join(MAY_INCLUDE)}")
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                match = INCLUDE.match(line)
                if match is None:
                    continue
                includes += 1
                text = problem(root, path, folder, match.group(1) == '"', match.group(2))
                if text is not None:
                    problems.append(f"{path}:{number}: {text}")
    return problems, files, includes


PLANTED = [
    ("model/planted.cpp", '#include "sim/kernel/plan.h"'),
    ("model/planted.cpp", '#include "tests/planted.h"'),
    ("model/broker/planted.h", '#include <random>'),
    ("model/broker/planted.cpp", '#include <thread>'),
    ("model/planted.cpp", '#  include <fstream>'),
    ("model/planted.cpp", "#include <chrono>"),
    ("model/planted.cpp", "#include <iostream>"),
    ("model/planted.cpp", "#include <unordered_map>"),
    ("model/planted.cpp", "#include <nlohmann/json.hpp>"),
    ("model/planted.cpp", '#include "no_such_file.h"'),
    ("model/planted.h", "#include <fmt/format.h>"),
    ("sim/kernel/planted.cpp", '#include "sim/search/run.h"'),
    ("sim/kernel/planted.cpp", "#include <chrono>"),
    ("sim/search/planted.cpp", '#include "sim/cli/commands.h"'),
    ("sim/search/planted.cpp", "#include <nlohmann/json.hpp>"),
    ("scenarios/planted.cpp", '#include "sim/cli/commands.h"'),
    ("scenarios/planted.h", "#include <iostream>"),
    ("reports/planted.cpp", '#include "sim/cli/commands.h"'),
    ("reports/planted.cpp", "#include <nlohmann/json.hpp>"),
    ("sim/cli/planted.cpp", "#include <CLI/CLI.hpp>"),
    ("sim/cli/planted.cpp", "#include <doctest/doctest.h>"),
    ("sim/planted.cpp", '#include "model/ids.h"'),
]
FINE = [
    ("sim/kernel/planted.cpp", '#include "model/ids.h"'),
    ("sim/cli/options.cpp", "#include <CLI/CLI.hpp>"),
    ("scenarios/planted.cpp", "#include <nlohmann/json.hpp>"),
    ("tests/planted.cpp", '#include "sim/cli/commands.h"'),
    ("model/planted.cpp", "#include <fmt/format.h>"),
    ("model/precompiled/planted.h", "#include <fmt/format.h>"),
    ("model/planted.cpp", "// #include <random> is banned here"),
]


def self_test(root):
    failures = []
    with tempfile.TemporaryDirectory() as copy:
        for folder in sorted({f.split("/")[0] for f in MAY_INCLUDE}):
            if os.path.isdir(os.path.join(root, folder)):
                shutil.copytree(os.path.join(root, folder), os.path.join(copy, folder),
                                ignore=shutil.ignore_patterns("node_modules"))
        with open(os.path.join(copy, "tests", "planted.h"), "w", encoding="utf-8") as file:
            file.write("#pragma once\n")
        before = set(check(copy)[0])
        for expected, planted in [(True, p) for p in PLANTED] + [(False, p) for p in FINE]:
            path = os.path.join(copy, planted[0])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            old = None
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    old = file.read()
            # After what is there, so that the line numbers of known problems stay.
            with open(path, "w", encoding="utf-8") as file:
                file.write((old or "") + planted[1] + "\n")
            found = any(p.startswith(planted[0] + ":") for p in set(check(copy)[0]) - before)
            if found != expected:
                failures.append(f"{planted[0]}: {planted[1]}: {'not found' if expected else 'refused'}")
            if old is None:
                os.remove(path)
            else:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(old)
    for failure in failures:
        print(failure)
    print(f"{len(PLANTED)} planted includes and {len(FINE)} good ones: {len(failures)} judged wrongly")
    return 1 if failures else 0


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.argv[1:] == ["--self-test"]:
        return self_test(root)
    if sys.argv[1:]:
        print("usage: check_layers.py [--self-test]", file=sys.stderr)
        return 64
    problems, files, includes = check(root)
    for text in problems:
        print(text)
    print(f"{files} files, {includes} includes: {len(problems)} problems")
    return 1 if problems or includes == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
