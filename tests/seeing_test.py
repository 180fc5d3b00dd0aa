#!/usr/bin/env python3
"""Commands that look into runs: why, diff, export. `seeing_test.py PROGRAM`; speaks TAP."""

import csv
import io
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


def shiviz_errors(text):
    """What ShiViz would refuse: its parser's expression, then hosts whose clocks count and know only what came before."""
    expression, empty, *rest = text.splitlines()
    pattern = expression.replace("(?<", "(?P<")
    if empty:
        return ["the second line separates executions and must be empty"]
    errors, counts, clocks = [], {}, {}
    for first, second in zip(rest[::2], rest[1::2]):
        match = re.fullmatch(pattern, first + "\n" + second)
        if not match:
            errors.append("cannot be read: " + first)
            continue
        host, clock = match["host"], json.loads(match["clock"])
        if clock.get(host) != counts.get(host, 0) + 1:
            errors.append("does not count its own steps: " + first)
        counts[host] = clock.get(host)
        if any(value > counts.get(other, 0) for other, value in clock.items()):
            errors.append("knows of what has not happened: " + first)
        if any(clock.get(other, 0) < value for other, value in clocks.get(host, {}).items()):
            errors.append("forgets: " + first)
        clocks[host] = clock
    return errors + (["an odd number of lines"] if len(rest) % 2 else [])


def perfetto_errors(text):
    """Trace events by their format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU"""
    errors, flows, slices = [], {}, {}
    events = json.loads(text)["traceEvents"]
    for event in events:
        if not {"ph", "name", "pid", "tid"} <= set(event) or event["ph"] not in ("M", "X", "i", "s", "f"):
            errors.append(f"not an event: {event}")
        elif event["ph"] != "M" and (not isinstance(event["ts"], int) or event["ts"] < 0):
            errors.append(f"no time: {event}")
        elif event["ph"] == "X":
            slices.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"]))
        elif event["ph"] in "sf":
            flows.setdefault(event["id"], {})[event["ph"]] = event
    starts = {(track, begin) for track, spans in slices.items() for begin, _ in spans}
    for flow in flows.values():
        if set(flow) != {"s", "f"} or flow["s"]["ts"] > flow["f"]["ts"] or flow["f"].get("bp") != "e":
            errors.append(f"half a flow: {flow}")
        errors += [f"binds to no slice: {end}" for end in flow.values()
                   if ((end["pid"], end["tid"]), end["ts"]) not in starts]
    for track, spans in slices.items():
        if track[1] == 1:
            continue
        spans.sort()
        errors += [f"roles overlap: {track} {a} {b}" for a, b in zip(spans, spans[1:]) if a[1] > b[0] + 1]
    return errors


MERMAID = re.compile(r"  (participant n\d+ as \S+|n\d+->>n\d+: [^;]*|Note over n\d+(,n\d+)?: .*)")


def mermaid_errors(text):
    first, *rest = text.splitlines()
    errors = [] if first == "sequenceDiagram" else [first]
    known = set(re.findall(r"participant (n\d+)", text))
    for line in rest:
        plain = re.sub(r"#\d+;", "", line)
        if not MERMAID.fullmatch(plain) or ";" in plain or not set(re.findall(r"\bn\d+\b", line.split(":")[0])) <= known:
            errors.append(line)
    return errors


def test_export():
    """Each format of export can be read by its rules, and misses nothing that it promises"""
    for name in ["zombie-controller", "kraft-leader-dies", "lost-packets", "power-loss-all", "rolling-restart"]:
        path = os.path.join(LIBRARY, name + ".json")
        same(shiviz_errors(run("export", path, "--format", "shiviz").out), [])
        same(mermaid_errors(run("export", path, "--format", "mermaid").out), [])
        perfetto = run("export", path, "--format", "perfetto").out
        same(perfetto_errors(perfetto)[:3], [])
        trace = run("run", path, "--trace", "trace.jsonl")
        same(trace.returncode, 0)
        with open(os.path.join(PLACE.name, "trace.jsonl"), encoding="utf-8") as file:
            traced = [json.loads(line) for line in file]
        steps = [e for e in json.loads(perfetto)["traceEvents"] if e["ph"] == "X" and e["tid"] == 1]
        same(len(steps), len([t for t in traced if t["event"] not in ("fact", "fault")]))
        rows = list(csv.DictReader(io.StringIO(run("export", path, "--format", "csv").out)))
        same([(row["t_us"], row["fact"]) for row in rows],
             [(str(t["t_us"]), t["fact"]) for t in traced if t["event"] == "fact"])


def test_export_is_strict():
    """The checks of the formats find what is wrong"""
    shiviz = run("export", "one.json", "--format", "shiviz").out
    for old, new in [('"b1":2', '"b1":7'), ("(?<host>", "(?<nobody>"), ("\n\n", "\n-\n")]:
        has(shiviz, old)
        try:
            found = shiviz_errors(shiviz.replace(old, new, 1))
        except IndexError:
            found = ["no host"]
        same(bool(found), True)
    perfetto = run("export", "one.json", "--format", "perfetto").out
    for old, new in [('"ph": "s"', '"ph": "q"'), ('"bp": "e"', '"bp": "x"'), ('"ts": ', '"ts": -1')]:
        has(perfetto, old)
        same(bool(perfetto_errors(perfetto.replace(old, new, 1))), True)
    same(bool(mermaid_errors("sequenceDiagram\n  n1->>n2: a\n")), True)
    same(bool(mermaid_errors("sequenceDiagram\n  participant n1 as b1\n  Note over n1: a; b\n")), True)


def test_export_arguments():
    """Export writes to a file, and names the formats that there are"""
    same(run("export", "one.json", "--format", "csv", "-o", "facts.csv").out, "")
    with open(os.path.join(PLACE.name, "facts.csv"), encoding="utf-8") as file:
        same(file.read(), run("export", "one.json", "--format", "csv").out)
    for arguments, code, words in [(["one.json"], 64, "--format is required"),
                                   (["one.json", "--format", "cvs"], 64, 'did you mean "csv"?'),
                                   (["bad.json", "--format", "csv"], 65, "crsh")]:
        wrong = run("export", *arguments)
        same((wrong.returncode, wrong.out), (code, ""))
        has(wrong.err, words)


if __name__ == "__main__":
    sys.exit(tap.main(tap.cases_of(globals())))
