#!/usr/bin/env python3
"""Same plan, same bytes. Runs every scenario of the library with many seeds: twice, with and without a trace,
by every program given (builds of other compilers and build types). What they print, their exit codes and
their traces must be equal. The last line is `N passed, N failed`; a case is one scenario with one seed.

usage: determinism.py [--seeds N] PROGRAM...
"""

import concurrent.futures
import glob
import hashlib
import os
import re
import subprocess
import sys
import tempfile

VERDICTS = {0, 10, 11, 12}
FINGERPRINT = re.compile(r'fingerprint"?:?\s*"?([0-9a-f]{6,16})\b')


def execute(arguments):
    result = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=300)
    return result.returncode, result.stdout, result.stderr.decode("utf-8", "replace")


def fingerprints(output):
    return FINGERPRINT.findall(output.decode("utf-8", "replace"))


def judge(programs, scenario, seed):
    """(problem or None, fingerprint)"""
    run = ["run", scenario, "--seed", str(seed)]
    first = None
    traces = set()
    for program in programs:
        for times in range(2):
            code, output, errors = execute([program] + run)
            if code not in VERDICTS:
                return f"{program}: exit code {code}: {errors.strip()[:300]}", None
            found = fingerprints(output)
            if len(found) != 1:
                return f"{program}: {len(found)} fingerprints in the output of one run", None
            if first is None:
                first = (code, output, found[0])
            if (code, output) != first[:2]:
                return f"{program}: run {times + 1} differs: {found[0]}, not {first[2]}", None
        with tempfile.TemporaryDirectory() as folder:
            trace = os.path.join(folder, "trace.jsonl")
            code, output, errors = execute([program] + run + ["--trace", trace])
            if (code, fingerprints(output)) != (first[0], [first[2]]):
                return f"{program}: differs when traced: {errors.strip()[:300]}", None
            with open(trace, "rb") as file:
                content = file.read()
            if not content:
                return f"{program}: an empty trace", None
            traces.add(hashlib.sha256(content).hexdigest())
    if len(traces) != 1:
        return "the programs write different traces", None
    return None, first[2]


def main():
    arguments = sys.argv[1:]
    seeds = 20
    if arguments[:1] == ["--seeds"]:
        seeds = int(arguments[1])
        arguments = arguments[2:]
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 64
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    programs = [os.path.abspath(program) for program in arguments]
    scenarios = sorted(glob.glob(os.path.join(root, "scenarios", "library", "*.json")))
    cases = [(scenario, seed) for scenario in scenarios for seed in range(1, seeds + 1)]

    passed = failed = 0
    seen = {scenario: set() for scenario in scenarios}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (scenario, seed), (problem, fingerprint) in zip(cases, pool.map(lambda c: judge(programs, *c), cases)):
            if problem is None:
                passed += 1
                seen[scenario].add(fingerprint)
            else:
                failed += 1
                print(f"{os.path.basename(scenario)} seed {seed}: {problem}")
    # Equal fingerprints of different seeds would mean that the fingerprint sees nothing.
    for scenario, found in seen.items():
        if seeds > 1 and len(found) == 1:
            failed += 1
            print(f"{os.path.basename(scenario)}: {seeds} seeds, one fingerprint")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
