#!/usr/bin/env python3
"""The completion scripts: `completion_test.py PROGRAM`; speaks TAP. bash is asked what it would complete; zsh and fish
read their scripts where they are installed."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

import tap
from tap import has, same

PROGRAM = os.path.abspath(sys.argv[1])
PLACE = tempfile.TemporaryDirectory()

# Sets what readline would set, calls the function of the command, prints its replies one by one.
ASK = """
source "$SCRIPT"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
name=$(complete -p fencepost | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$name" fencepost "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def script(shell):
    return subprocess.run([PROGRAM, "completion", shell], capture_output=True, text=True, check=True).stdout


def write(shell):
    path = os.path.join(PLACE.name, "script." + shell)
    with open(path, "w", encoding="utf-8") as file:
        file.write(script(shell))
    return path


def complete(*words):
    result = subprocess.run(["bash", "--norc", "-c", ASK, "bash", *words], cwd=PLACE.name, capture_output=True, text=True,
                            env={**os.environ, "SCRIPT": write("bash")}, check=False)
    same(result.stderr, "")
    return sorted(word for word in result.stdout.splitlines() if word)


def commands():
    text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  (\w+)  +\w", text.split("Subcommands:")[1].split("Exit codes")[0], re.M)


def test_commands():
    """bash completes commands and the program's own options"""
    same(complete("fencepost", ""), sorted(commands() + ["--help", "--version", "-h"]))
    same(complete("fencepost", "va"), ["validate"])
    same(complete("fencepost", "--v"), ["--version"])


def test_options():
    """bash completes every option that a command's help names"""
    for command in commands():
        text = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, check=True).stdout
        wanted = set()
        for names in re.findall(r"^  (-\S+)", text.split("Options:")[1].split("\n\n")[0], re.M):
            wanted.update(names.split(","))
        same(complete("fencepost", command, "-"), sorted(wanted))


def test_values():
    """bash completes the values of options, behind a blank and behind an equals sign"""
    same(complete("fencepost", "test", "x", "--format", ""), ["github", "json", "junit", "text"])
    same(complete("fencepost", "run", "x", "--format", ""), ["json", "text"])
    same(complete("fencepost", "test", "--format", "=", "j"), ["json", "junit"])
    same(complete("fencepost", "test", "--format", "="), ["github", "json", "junit", "text"])
    same(complete("fencepost", "list", "--color", "a"), ["always", "auto"])
    has(complete("fencepost", "run", "--defect", "no-e"), "no-epoch-bump-on-removal")
    same(complete("fencepost", "run", "--seed", ""), [])
    same(complete("fencepost", "describe", "fa"), ["facts", "faults"])
    same(complete("fencepost", "completion", ""), ["bash", "fish", "zsh"])
    has(complete("fencepost", "new", "mine", "--from", "cr"), "crash")


def test_files():
    """bash completes files where files are taken, with blanks in their names"""
    for name in ["one.json", "one more.json", "other.txt"]:
        with open(os.path.join(PLACE.name, name), "w", encoding="utf-8"):
            pass
    for words in [["run"], ["test", "--seeds", "1:2"], ["test", "--out"], ["run", "--trace"], ["validate"]]:
        same(complete("fencepost", *words, "on"), ["one more.json", "one.json"])


def test_no_surprises():
    """bash does not take a value for the command"""
    same(complete("fencepost", "nonsense", "-"), [])
    same(complete("fencepost", "run", "test", "--tr"), ["--trace"])


def test_syntax():
    """bash, and zsh and fish where they are installed, read their scripts without complaint"""
    for shell in ["bash", "zsh", "fish"]:
        if shutil.which(shell) is None:
            continue
        result = subprocess.run([shell, "-n", write(shell)], capture_output=True, text=True, check=False)
        same((result.returncode, result.stderr), (0, ""))


def test_every_shell():
    """zsh and fish get every command and every value of an option as well"""
    for shell in ["zsh", "fish"]:
        text = script(shell)
        for command in commands():
            has(text, f"{command}:" if shell == "zsh" else f" -a {command} ")
        has(text, "text json junit github")
        has(text, "--summary[" if shell == "zsh" else "-l summary ")


if __name__ == "__main__":
    sys.exit(tap.main(tap.cases_of(globals())))
