#!/usr/bin/env python3
"""Holds the scenarios of scenarios/library to what a library promises.

  check_library.py PROGRAM NAME         one scenario: its words; its expectations with each of 20 seeds; and that
                                        what tests/library_awake.json plants or changes turns it red with each of them
  check_library.py --complete NAME...   the names are the folder's and the table's, and no title stands twice
  check_library.py --self-test PROGRAM  plants an offence of each kind and fails unless it is found
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEEDS = 20
PASSED, RED = 0, (10, 11)
SENTENCES, WORDS, EXPOSES = (2, 3), (40, 90), (2, 5)


class Library:
    """A folder of scenarios and the table of what turns each of them red."""

    def __init__(self, scenarios, awake):
        self.scenarios = pathlib.Path(scenarios)
        self.awake = json.loads(pathlib.Path(awake).read_text(encoding="utf-8"))

    def names(self):
        return sorted(path.stem for path in self.scenarios.glob("*.json"))

    def path(self, name):
        return self.scenarios / (name + ".json")

    def read(self, name):
        return json.loads(self.path(name).read_text(encoding="utf-8"))


def in_words(proof):
    """Of a planted defect, changed settings, or the rules of another version of Kafka."""
    if "defect" in proof:
        return "--defect " + proof["defect"]
    if "set" in proof:
        return " ".join("--set " + each for each in proof["set"])
    return "the version " + proof["version"]


def exit_codes_with(program, scenario, proof):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "scenario.json")
        if "version" in proof:
            scenario["cluster"]["version"] = proof["version"]
        path.write_text(json.dumps(scenario), encoding="utf-8")
        return exit_codes(program, path, [] if "version" in proof else in_words(proof).split())


def check_words(scenario):
    """What a reader is told before the run."""
    for key in ("title", "story", "expect"):
        if not scenario.get(key):
            yield f"it has no {key}"
    story = scenario.get("story", "")
    sentences = len(re.findall(r"[.!?](?=\s|$)", story))
    words = len(story.split())
    if not SENTENCES[0] <= sentences <= SENTENCES[1]:
        yield f"its story has {sentences} sentences, not {SENTENCES[0]} or {SENTENCES[1]}"
    if not WORDS[0] <= words <= WORDS[1]:
        yield f"its story has {words} words, not {WORDS[0]} to {WORDS[1]}"
    # That a run really puts them to the test is the program's own judgement: else it ends as vacuous.
    exposes = len(scenario.get("exposes", []))
    if not EXPOSES[0] <= exposes <= EXPOSES[1]:
        yield f"it exposes {exposes} invariants, not {EXPOSES[0]} to {EXPOSES[1]}"


def exit_codes(program, path, extra):
    """Of each seed; a string if the program did not get so far."""
    command = [program, "run", str(path), "--seeds", f"1:{SEEDS}", "--format", "json"] + extra
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=280)
    try:
        codes = [run["exit"] for run in json.loads(result.stdout)["runs"]]
    except (ValueError, KeyError):
        return f"exit code {result.returncode}: {result.stderr.strip()[:300]}"
    return codes if len(codes) == SEEDS else f"{len(codes)} runs instead of {SEEDS}"


def seeds_where(codes, is_bad):
    return ", ".join(f"{seed} ({code})" for seed, code in enumerate(codes, 1) if is_bad(code))


def check_scenario(program, library, name):
    yield from check_words(library.read(name))
    codes = exit_codes(program, library.path(name), [])
    if isinstance(codes, str):
        yield codes
        return
    if bad := seeds_where(codes, lambda code: code != PASSED):
        yield f"it does not hold with every seed; seeds and exit codes: {bad}"
    proofs = library.awake.get(name, [])
    if not proofs:
        yield "nothing in tests/library_awake.json turns it red"
    for proof in proofs:
        codes = exit_codes_with(program, library.read(name), proof)
        if isinstance(codes, str):
            yield f"{in_words(proof)}: {codes}"
        elif asleep := seeds_where(codes, lambda code: code not in RED):
            yield f"{in_words(proof)} does not turn it red; seeds and exit codes: {asleep}"


def check_complete(library, listed):
    for kind, names in (("tests/meson.build", listed), ("tests/library_awake.json", list(library.awake))):
        for name in library.names():
            if name not in names:
                yield f"{name} is missing in {kind}"
        for name in names:
            if name not in library.names():
                yield f"{kind} names {name}, which is no file"
    if listed != sorted(set(listed)):
        yield "the list in tests/meson.build is not sorted"
    titles = {}
    for name in library.names():
        title = library.read(name).get("title")
        if title in titles:
            yield f"{name} has the title of {titles[title]}"
        titles[title] = name


def self_test(program):
    source = Library(ROOT / "scenarios/library", ROOT / "tests/library_awake.json")
    name = "leader-crash"
    proofs = source.awake[name]

    def found(change, awake, listed):
        with tempfile.TemporaryDirectory() as folder:
            scenarios = pathlib.Path(folder, "library")
            scenarios.mkdir()
            table = pathlib.Path(folder, "awake.json")
            table.write_text(json.dumps(awake), encoding="utf-8")
            for copy in sorted({name, *listed} - {"absent"}):
                scenario = source.read(name)
                scenario["title"] += " " + copy
                change(scenario)
                (scenarios / (copy + ".json")).write_text(json.dumps(scenario), encoding="utf-8")
            library = Library(scenarios, table)
            return " | ".join([*check_scenario(program, library, name), *check_complete(library, listed)])

    def nothing(_):
        pass

    def expects_too_much(scenario):
        scenario["expect"].append({"at": "9s", "leader(t-0)": "b1"})

    def expects_too_little(scenario):
        scenario["expect"] = [{"at": "9s", "leader(t-0)": "b2"}]

    def has_no_key(key):
        return lambda scenario: scenario.pop(key)

    def tells(story):
        return lambda scenario: scenario.update(story=story)

    def exposes(*rows):
        return lambda scenario: scenario.update(exposes=list(rows))

    def is_called(title):
        return lambda scenario: scenario.update(title=title)

    good = {name: proofs}
    both = {name: proofs, "copy": proofs}
    plants = [
        ("", nothing, good, [name]),
        ("does not hold with every seed", expects_too_much, good, [name]),
        ("does not turn it red", expects_too_little, good, [name]),
        ("no title", has_no_key("title"), good, [name]),
        ("no story", has_no_key("story"), good, [name]),
        ("no expect", has_no_key("expect"), good, [name]),
        ("1 sentences", tells("word " * 50 + "end."), good, [name]),
        ("4 words", tells("Too short. By far."), good, [name]),
        ("exposes 0 invariants", has_no_key("exposes"), good, [name]),
        ("exposes 1 invariants", exposes("clean-election"), good, [name]),
        ("seeds and exit codes: 1 (12)", exposes("clean-election", "no-phantom"), good, [name]),
        ("has the title of", is_called("The same"), both, ["copy", name]),
        ("nothing in tests/library_awake.json", nothing, {name: []}, [name]),
        ("missing in tests/library_awake.json", nothing, {}, [name]),
        ("missing in tests/meson.build", nothing, good, []),
        ("which is no file", nothing, good, ["absent", name]),
        ("not sorted", nothing, both, [name, "copy"]),
        ("exit code 64", nothing, {name: [{"defect": "no-such-defect"}]}, [name]),
    ]
    failed = 0
    for wanted, change, awake, listed in plants:
        report = found(change, awake, listed)
        if (wanted not in report) if wanted else report:
            failed += 1
            print(f"planted \"{wanted or 'nothing'}\", found: {report or 'nothing'}")
    print(f"{len(plants) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main():
    arguments = sys.argv[1:]
    library = Library(ROOT / "scenarios/library", ROOT / "tests/library_awake.json")
    if arguments[:1] == ["--complete"]:
        problems = list(check_complete(library, arguments[1:]))
    elif arguments[:1] == ["--self-test"] and len(arguments) == 2:
        return self_test(arguments[1])
    elif len(arguments) == 2:
        problems = [f"{arguments[1]}: {problem}" for problem in check_scenario(arguments[0], library, arguments[1])]
    else:
        print(__doc__, file=sys.stderr)
        return 64
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
