"""Instructions of one event of the fetch loop: the hand-written loop, the full model, and the model judged.

usage: count_instructions.py BENCH_EVENTS

Wall time is noisy; instructions are not: two runs differ by less than one in a thousand. Counted by cachegrind, as the
difference of two runs of different length, so that neither the start nor the boot of the cluster counts.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

EVENTS = 40_000
SKIPPED = 77


def instructions(program, kind, events):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=" + os.path.join(folder, "out"),
             program, kind, str(events)],
            capture_output=True, text=True, check=True)
    return int(re.search(r"I\s+refs:\s+([\d,]+)", done.stderr).group(1).replace(",", ""))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if shutil.which("valgrind") is None:
        print("valgrind is not installed: nothing was counted")
        return SKIPPED
    each = {}
    for kind in ("bare", "model", "judged"):
        few, many = (instructions(sys.argv[1], kind, n * EVENTS) for n in (1, 2))
        each[kind] = (many - few) / EVENTS
        print(f"{kind:<8}{each[kind]:10.1f} instructions an event")
    print(f"model / bare  {each['model'] / each['bare']:8.2f}")
    print(f"judged / bare {each['judged'] / each['bare']:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
