#!/usr/bin/env python3
"""Prints `N passed, N failed` for the last `meson test` of each build folder given; 1 when anything failed
or nothing ran (which counts as one failure). Skipped tests are named only when there are any."""

import glob
import json
import os
import sys
import xml.etree.ElementTree as ElementTree


def totals(build):
    # With a wrapper, `testlog` is followed by its name.
    logs = glob.glob(os.path.join(build, "meson-logs", "testlog*.junit.xml"))
    if not logs:
        return 0, 1, 0
    newest = max(logs, key=os.path.getmtime)
    passed = failed = skipped = 0
    failed_names = set()
    for suite in ElementTree.parse(newest).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
                failed_names.update([suite.get("name", ""), case.get("name", "")])
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
    # A program that dies between two cases, or that a checker stops after its last one, has no bad case.
    with open(newest[:-len(".junit.xml")] + ".json", encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            if test["result"] in ("OK", "SKIP", "EXPECTEDFAIL"):
                continue
            # The name of a suite if it speaks TAP, else of a case.
            name = test["name"]
            if not any(bad == name or bad.endswith("." + name) for bad in failed_names):
                failed += 1
    return passed, failed, skipped


def main():
    if len(sys.argv) < 2:
        print("usage: totals.py BUILD...", file=sys.stderr)
        return 64
    passed, failed, skipped = (sum(column) for column in zip(*[totals(build) for build in sys.argv[1:]]))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
