#!/usr/bin/env python3
"""docs/library.md is what docs/library.json and the scenarios say today: `library_page.py PROGRAM`. Each scenario
of the library stands in one chapter, and what its reader is told to try makes a difference with seed 1.
ACCEPT=1 writes the page anew."""

import json
import os
import pathlib
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/library.md"
COLUMNS = 120
DIFFERENT = (10, 11)

INTRODUCTION = """\
# The library

Scenarios to learn from, in an order that teaches. For each: read the story, predict what happens, run it, and look
where you were wrong; then try the second command, which changes one thing, and predict again. A scenario that fails
then is no accident: its expectations describe the rule that you have just switched off.

Below each story stands which promises of the protocol it puts to the test, by the names that
`./fencepost describe invariants` explains. `./fencepost describe facts` explains the words of expectations,
`./fencepost describe defects` what `--defect` can plant, `./fencepost describe settings` what `--set` can change.
"""


def command(name, extra=""):
    return f"./fencepost run scenarios/library/{name}.json" + (" " + extra if extra else "")


def anchor(title):
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c == "-")


def filled(text):
    return textwrap.fill(text, COLUMNS, break_long_words=False, break_on_hyphens=False)


def scenario_text(entry):
    name = entry["name"]
    scenario = json.loads((ROOT / f"scenarios/library/{name}.json").read_text(encoding="utf-8"))
    yield f"### {scenario['title']}\n"
    yield filled(scenario["story"]) + "\n"
    yield filled("At stake: " + ", ".join(f"`{row}`" for row in scenario["exposes"]) + ".") + "\n"
    yield f"```sh\n{command(name)}\n{command(name, entry['try'])}\n```\n"
    yield filled("Then " + entry["then"]) + "\n"


def page(chapters):
    parts = [INTRODUCTION]
    parts.append("\n".join(f"- [{each['title']}](#{anchor(each['title'])})" for each in chapters) + "\n")
    for chapter in chapters:
        parts.append(f"## {chapter['title']}\n")
        parts.append(filled(chapter["about"]) + "\n")
        for entry in chapter["scenarios"]:
            parts += scenario_text(entry)
    return "\n".join(parts)


def check_names(chapters):
    told = [entry["name"] for chapter in chapters for entry in chapter["scenarios"]]
    files = {path.stem for path in (ROOT / "scenarios/library").glob("*.json")}
    for name in sorted(files - set(told)):
        yield f"{name} stands in no chapter of docs/library.json"
    for name in sorted(set(told) - files):
        yield f"docs/library.json names {name}, which is no scenario of the library"
    for name in sorted({name for name in told if told.count(name) > 1}):
        yield f"{name} stands in more than one chapter"


def check_tries(program, chapters):
    for chapter in chapters:
        for entry in chapter["scenarios"]:
            arguments = command(entry["name"], entry["try"]).split()[1:]
            code = subprocess.run([program] + arguments, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                                  check=False, timeout=120).returncode
            if code not in DIFFERENT:
                yield f"{entry['name']} with {entry['try']}: exit code {code}, so nothing is different"


def main():
    program = os.path.abspath(sys.argv[1])
    chapters = json.loads((ROOT / "docs/library.json").read_text(encoding="utf-8"))["chapters"]
    problems = list(check_names(chapters))
    if not problems:
        problems += check_tries(program, chapters)
        text = page(chapters)
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            if os.environ.get("ACCEPT") == "1":
                PAGE.write_text(text, encoding="utf-8")
            else:
                problems.append("docs/library.md is not what docs/library.json and the scenarios say; ACCEPT=1 writes it")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
