#!/usr/bin/env python3
"""The pipelines of docs/ci.md do what the page says: `ci_docs_test.py PROGRAM`; speaks TAP. Their commands run as they
stand, on a folder with a scenario that fails and without it."""

import os
import re
import subprocess
import sys
import tempfile

import junit_schema
import tap
from tap import has, same

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.abspath(sys.argv[1])
RED = '{"at": "64s", "controller": "b2"}'


def blocks():
    with open(os.path.join(ROOT, "docs", "ci.md"), encoding="utf-8") as file:
        return re.findall(r"```yaml\n(.*?)```", file.read(), re.S)


def scalar(text):
    if text.startswith("["):
        return [part.strip() for part in text.strip("[]").split(",")]
    return {"true": True, "false": False}.get(text, text.strip("'\"") if text[:1] == text[-1:] else text)


def parse(text):
    """As much of YAML as the page uses: maps, lists, scalars on one line. Anything else raises."""
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines() if line.strip()]

    def block(at, indent):
        is_list = lines[at][1].startswith("- ")
        value = [] if is_list else {}
        while at < len(lines) and lines[at][0] == indent and lines[at][1].startswith("- ") == is_list:
            if is_list:
                rest = lines[at][1][2:]
                if re.match(r"[\w-]+:( |$)", rest):
                    lines[at] = (indent + 2, rest)
                    item, at = block(at, indent + 2)
                else:
                    item, at = scalar(rest), at + 1
                value.append(item)
                continue
            key, colon, rest = lines[at][1].partition(":")
            if not colon or not re.fullmatch(r"[\w-]+", key) or key in value or (rest and not rest.startswith(" ")):
                raise ValueError(f"no key: {lines[at][1]}")
            if rest.strip():
                # A plain scalar may hold neither of these.
                if re.search(r": | #", rest.strip()) and rest.strip()[0] not in "'\"[":
                    raise ValueError(f"needs quotes: {rest}")
                value[key], at = scalar(rest.strip()), at + 1
            else:
                if at + 1 == len(lines) or lines[at + 1][0] <= indent:
                    raise ValueError(f"nothing below {key}")
                value[key], at = block(at + 1, lines[at + 1][0])
        if at < len(lines) and lines[at][0] > indent:
            raise ValueError(f"indented too far: {lines[at][1]}")
        return value, at

    value, at = block(0, 0)
    same(at, len(lines))
    return value


class Place:
    """A working directory as of the pipelines: scenarios/, and the program where the wrapper would be."""

    def __init__(self, with_red):
        self.folder = tempfile.TemporaryDirectory()
        os.makedirs(self.path("scenarios"))
        os.makedirs(self.path("fencepost"))
        os.symlink(PROGRAM, self.path("fencepost/fencepost"))
        with open(os.path.join(ROOT, "scenarios", "library", "leader-crash.json"), encoding="utf-8") as file:
            text = file.read()
        self.write("scenarios/green.json", text)
        if with_red:
            self.write("scenarios/red.json", text.replace('{"at": "64s", "controller": "b1"}', RED))

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def sh(self, command):
        # As both services do: stop at the first failure.
        return subprocess.run(["bash", "-e", "-c", command], cwd=self.folder.name, stdin=subprocess.DEVNULL,
                              env={**os.environ, "GITHUB_STEP_SUMMARY": self.path("summary.md")}, capture_output=True,
                              text=True, check=False, timeout=300)


def red_line(place):
    lines = place.read("scenarios/red.json").splitlines()
    return next(number for number, line in enumerate(lines, 1) if RED in line)


def test_structure():
    """Both pipelines have the members that GitHub and GitLab demand"""
    github, gitlab = [parse(block) for block in blocks()]
    same(sorted(github), ["jobs", "name", "on"])
    (job,) = github["jobs"].values()
    has(job, "runs-on")
    for step in job["steps"]:
        same(("uses" in step) + ("run" in step), 1)
        same(set(step) <= {"name", "uses", "with", "run"}, True)
    (job,) = gitlab.values()
    same(set(job) <= {"image", "variables", "cache", "script", "artifacts"}, True)
    same(all(isinstance(command, str) for command in job["script"]), True)
    has(job["artifacts"]["reports"], "junit")


def test_parser_is_strict():
    """The reader of the pipelines refuses what YAML would read otherwise"""
    for bad in ["a: b: c\n", "a:\n", "a: 1\na: 2\n", "a: 1\n   b: 2\n", "- a\nb: 1\n", "a b\n", "a:1\n"]:
        try:
            parse(bad)
        except (ValueError, AssertionError):
            continue
        raise AssertionError(f"{bad!r} was taken")


def test_github():
    """The GitHub job is green or red as the scenarios are, and marks the line of the failing expectation"""
    (job,) = parse(blocks()[0])["jobs"].values()
    (command,) = [step["run"] for step in job["steps"] if "run" in step]
    good = Place(False).sh(command)
    same((good.returncode, good.stdout), (0, "1 passed, 0 failed\n"))
    place = Place(True)
    bad = place.sh(command)
    same(bad.returncode, 11)
    has(bad.stdout, f"::error file=scenarios/red.json,line={red_line(place)},col=5,title=")
    has(place.read("summary.md"), "| FAIL | scenarios/red.json |")


def test_gitlab():
    """The GitLab job is green or red as the scenarios are, and leaves a valid report where the job names it"""
    (job,) = parse(blocks()[1]).values()
    report = job["artifacts"]["reports"]["junit"]
    for with_red, exit_code in [(False, 0), (True, 11)]:
        place = Place(with_red)
        same(place.sh("\n".join(job["script"])).returncode, exit_code)
        text = place.read(report)
        same(junit_schema.errors_of(text), [])
        failed = [case for case in junit_schema.ElementTree.fromstring(text).iter("testcase")
                  if case.find("failure") is not None]
        same([(case.get("file"), case.get("line")) for case in failed],
             [("scenarios/red.json", str(red_line(place)))] if with_red else [])


def test_gitlab_stops():
    """A file that is no scenario stops the GitLab job before anything is run"""
    (job,) = parse(blocks()[1]).values()
    place = Place(False)
    place.write("scenarios/bad.json", "{}")
    result = place.sh("\n".join(job["script"]))
    same(result.returncode, 65)
    has(result.stdout, "scenarios/bad.json:1:1: error[missing-key]")
    same(os.path.exists(place.path("junit.xml")), False)


def test_table():
    """The table of exit codes has those that the help has"""
    with open(os.path.join(ROOT, "docs", "ci.md"), encoding="utf-8") as file:
        codes = re.findall(r"^\| (\d+) \|", file.read(), re.M)
    same(codes, ["0", "10", "11", "12", "65"])
    text = subprocess.run([PROGRAM, "test", "--help"], capture_output=True, text=True, check=True).stdout
    for code in codes:
        same(bool(re.search(rf"(?<!\d){code} \w", text.split("Exit codes:")[1])), True)


if __name__ == "__main__":
    sys.exit(tap.main(tap.cases_of(globals())))
