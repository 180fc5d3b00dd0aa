#!/usr/bin/env python3
"""Commands that look into runs: why, diff. `seeing_test.py PROGRAM`; speaks TAP."""

import json
import os
import re
import subprocess
import sys
import tempfile

import tap
from tap import has, same

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = os.path.join(ROOT, "scenarios", "library")
PROGRAM = os.path.abspath(sys.argv[1])
PLACE = tempfile.TemporaryDirectory()


def run(*arguments):
    result = subprocess.run([PROGRAM, *arguments], cwd=PLACE.name, stdin=subprocess.DEVNULL, capture_output=True,
                            check=False, timeout=300)
    result.out = result.stdout.decode("utf-8")
    result.err = result.stderr.decode("utf-8")
    return result


def write(name, text):
    with open(os.path.join(PLACE.name, name), "w", encoding="utf-8") as file:
        file.write(text)


def prepare():
    with open(os.path.join(LIBRARY, "leader-crash.json"), encoding="utf-8") as file:
        crash = file.read()
    write("one.json", crash)
    write("other.json", crash.replace('{"at": "64s", "controller": "b1"}', '{"at": "64s", "controller": "b2"}'))
    write("bad.json", crash.replace('"crash"', '"crsh"'))


prepare()


def test_why():
    """Why tells the causes of an event back to the fault, in every format, and says what cannot be asked"""
    zombie = os.path.join(LIBRARY, "zombie-controller.json")
    result = run("why", zombie, "controller_elected")
    same(result.returncode, 0)
    lines = [line for line in result.out.splitlines() if re.match(r" *\d+\. ", line)]
    has(lines[-1], "b3: controller, epoch 2 (was b1, epoch 1)")
    has(result.out, "FAULT               pause b1 (controller, leader of t-1) for 25 s\n")
    has(result.out, "session of b1 expired")
    found = json.loads(run("why", zombie, "controller_elected", "--format", "json").out)
    same((found["version"], len(found["steps"])), (1, len(lines)))
    ids = [step["id"] for step in found["steps"]]
    for link in found["links"]:
        if ids.index(link["from"]) >= ids.index(link["to"]):
            raise AssertionError(link)
    same(found["targets"], ids[-1:])
    number = str(found["steps"][-1]["number"])
    same(run("why", zombie, number).out.splitlines()[2:], result.out.splitlines()[2:])
    dot = run("why", zombie, "controller_elected", "--format", "dot").out
    same(len(re.findall(r"^  [ef]\d+ -> [ef]\d+ \[label=", dot, re.M)), len(found["links"]))
    same(run("why", zombie, "controller_elected", "--format", "mermaid").out.splitlines()[0], "sequenceDiagram")
    for arguments, code, words in [([zombie, "controler_elected"], 64, 'did you mean "controller_elected"?'),
                                   ([zombie, "controller_elected:9"], 64, "a number from 1 to 2"),
                                   ([zombie, "record_lost"], 64, "was not told in this run"),
                                   ([zombie, "999999"], 64, "there is no event 999999"),
                                   ([zombie, "violation"], 64, "every promise held"),
                                   ([zombie], 64, "which EVENT?"), (["bad.json", "1"], 65, "crsh"),
                                   ([zombie, "1", "--format", "svg"], 64, "--format takes")]:
        wrong = run("why", *arguments)
        same((wrong.returncode, wrong.out), (code, ""))
        has(wrong.err, words)


def test_why_below_a_violation():
    """Run shows a short why below a broken promise, and the command that shows the rest"""
    result = run("run", "one.json", "--defect", "controller-epoch-skips")
    same(result.returncode, 10)
    command = re.search(r"^    why: (.*)$", result.out, re.M).group(1).split()
    same(command[1:], ["why", "one.json", "--seed", "1", "--defect", "controller-epoch-skips",
                       "controller-epoch-grows"])
    below = result.out.split("    why: ")[1].splitlines()[1:]
    short = [line for line in below if line.startswith("      ")]
    if not 1 <= len(short) <= 7:
        raise AssertionError(short)
    same(run(*command[1:]).returncode, 0)


def test_diff():
    """Diff shows where two runs part and what made the difference"""
    result = run("diff", "one.json", "--seed-b", "2")
    same(result.returncode, 0)
    has(result.out, "A  one.json seed 1\nB  one.json seed 2\n\nthey part at event ")
    has(result.out, "\nbecause of a draw: ")
    has(run("diff", "one.json").out, "the runs are the same: ")
    has(run("diff", "one.json", "other.json").out, "the runs are the same: ")
    found = json.loads(run("diff", "one.json", "--defect-b", "controller-epoch-skips", "--format", "json").out)
    same((found["version"], found["same"]), (1, False))
    has(found["because_of"], "planted defects: none in A, controller-epoch-skips in B")
    for arguments, code, words in [(["one.json", "--seed-b", "x"], 64, "--seed-b takes a number"),
                                   (["one.json", "bad.json"], 65, "crsh"), ([], 64, "A is required"),
                                   (["one.json", "--mode-b", "zk"], 64, "--mode-b takes")]:
        wrong = run("diff", *arguments)
        same((wrong.returncode, wrong.out), (code, ""))
        has(wrong.err, words)


if __name__ == "__main__":
    sys.exit(tap.main(tap.cases_of(globals())))
