#!/usr/bin/env python3
"""What people and CI call: test, list, validate, new, help, colour. `commands_test.py PROGRAM`; speaks TAP."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile

import junit_schema
import tap
from tap import has, same

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.abspath(sys.argv[1])
PLACE = tempfile.TemporaryDirectory()
CLEAN = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CI")}


def run(*arguments, cwd=None, env=None):
    result = subprocess.run([PROGRAM, *arguments], cwd=cwd or PLACE.name, env={**CLEAN, **(env or {})},
                            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=300)
    result.out = result.stdout.decode("utf-8")
    result.err = result.stderr.decode("utf-8")
    return result


def library(name):
    with open(os.path.join(ROOT, "scenarios", "library", name + ".json"), encoding="utf-8") as file:
        return file.read()


def write(name, text):
    path = os.path.join(PLACE.name, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def line_of(name, words):
    with open(os.path.join(PLACE.name, name), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if words in line:
                return number, line.index(words) + 1
    raise AssertionError(f"{words!r} is not in {name}")


RED = '{"at": "64s", "controller": "b2"}'
HOSTILE = 'a\\u001b[31m<b>&\\"]]>\\n::error::x, 100%'


def prepare():
    crash = library("leader-crash")
    write("s/b/green.json", crash)
    write("s/red.json", crash.replace('{"at": "64s", "controller": "b1"}', RED))
    # A fault that waits for what never happens.
    start = '{"at": "40s", "start": "b2"}'
    never = '{"when": {"fact": "start_failed"}, "pause": "b1", "for": "1s"}'
    write("s/vacuous.json", crash.replace(start, start + ",\n    " + never))
    write("s/a/bad.json", crash.replace('"crash"', '"crsh"').replace('"title"', '"titel"'))
    write("s/note.schema.json", "{}")
    write("s/.hidden/x.json", "{}")
    write("s/readme.txt", "no scenario")
    write("good/one.json", crash)
    write("empty/x.txt", "")
    write("hostile/h.json", crash.replace('"A leader dies and a member of the ISR takes over"', '"' + HOSTILE + '"'))


prepare()


def test_text():
    """Test finds scenarios in folders, sorted, and says for each what became of it"""
    result = run("test", "s")
    lines = [re.split("  +", line) for line in result.out.splitlines() if not line.startswith(" ")]
    same([(line[0].strip(), line[1].strip()) for line in lines[:-1]],
         [("BAD", "s/a/bad.json"), ("PASS", "s/b/green.json"), ("FAIL", "s/red.json"), ("VACUOUS", "s/vacuous.json")])
    same(result.out.splitlines()[-1], "1 passed, 3 failed")
    same(result.returncode, 65)
    line, _ = line_of("s/red.json", RED)
    has(result.out, f"\n  s/red.json:{line}: expected at 64 s controller is b2; found: b1\n")
    has(result.out, 'error[unknown-key]: "crsh" is not a fault')
    has(result.out, 'error[unknown-key]: "titel" is not')
    has(result.out, "never came: the fact it waits for was not told")
    same(result.err, "")


def test_exit_codes():
    """The exit code is that of the worst scenario"""
    same(run("test", "good").returncode, 0)
    same(run("test", "good", "s/vacuous.json").returncode, 12)
    same(run("test", "good", "s/vacuous.json", "s/red.json").returncode, 11)
    same(run("test", "good", "s/red.json", "s/a").returncode, 65)
    same(run("test", "good", "no-such-file.json").returncode, 65)


def test_broken_promise():
    """A broken promise is exit code 10, and names the promise, when and what in every format"""
    arguments = ["test", "good", "--defect", "controller-epoch-skips"]
    result = run(*arguments)
    same(result.returncode, 10)
    broken = "controller-epoch-grows violated at "
    has(result.out, "  good/one.json: " + broken)
    has(run(*arguments, "--format", "github").out, "title=one%3A controller-epoch-grows broken::" + broken)
    report = run(*arguments, "--format", "junit").out
    same(junit_schema.errors_of(report), [])
    has(report, '<failure type="invariant" message="' + broken)
    found = json.loads(run(*arguments, "--format", "json").out)["scenarios"][0]
    same((found["verdict"], found["exit"]), ("safety violated", 10))
    same([row["name"] for row in found["invariants"] if not row["held"]], ["controller-epoch-grows"])


def test_report():
    """Report writes a page named after the scenario, whatever became of the run; mistakes are those of every command"""
    result = run("report", "good/one.json")
    same((result.returncode, result.err), (0, ""))
    has(result.out, "one.html  PASS  ")
    with open(os.path.join(PLACE.name, "one.html"), encoding="utf-8") as file:
        page = file.read()
    has(page, "<title>A leader dies and a member of the ISR takes over · seed 1 · Fencepost</title>")
    same(run("report", "good/one.json", "--out", "-").out, page)
    result = run("report", "good/one.json", "--defect", "controller-epoch-skips", "-o", "red.html")
    same(result.returncode, 0)
    has(result.out, "red.html  FAIL (safety violated)")
    result = run("report", "s/a/bad.json")
    same((result.returncode, result.out), (65, ""))
    has(result.err, 'error[unknown-key]: "crsh" is not a fault')
    result = run("report", "good/one.jso")
    same(result.returncode, 65)
    has(result.err, "one.json")
    same(run("report", "good/one.json", "another").returncode, 64)
    same(run("report", "good/one.json", "--sed", "3").returncode, 64)
    same(run("report", "good/one.json", "-o", "no/such/folder.html").returncode, 64)
    same(run("report", "hostile/h.json", "-o", "-").out.count("</script>"), 2)


def test_nothing_to_test():
    """A folder without scenarios is no success"""
    result = run("test", "empty")
    same((result.returncode, result.out), (64, ""))
    has(result.err, 'there is no scenario (*.json) in "empty"')


def test_once():
    """A scenario that is named twice is run once"""
    result = run("test", "good", "./good/one.json", "good/../good")
    same(result.out.splitlines()[-1], "1 passed, 0 failed")


def test_repeat():
    """The command below a failure repeats it"""
    result = run("test", "s/red.json", "--seeds", "3:5")
    again = re.search(r"again: (.*)", result.out).group(1).split()
    same(again[1:], ["run", "s/red.json", "--seed", "3"])
    repeated = run(*again[1:])
    same(repeated.returncode, 11)
    has(repeated.out, "expected at 64 s controller is b2; found: b1")


def test_jobs():
    """The report is the same whatever the number of jobs, in every format"""
    for form in ["text", "json", "junit", "github"]:
        outputs = {run("test", "s", "--seeds", "1:40", "--format", form, "--jobs", jobs).stdout for jobs in ["1", "2", "7"]}
        same(len(outputs), 1)


def test_json():
    """The JSON of test has every expectation with its place and what was found"""
    result = run("test", "s", "--format", "json")
    found = json.loads(result.out)
    same((found["version"], found["passed"], found["failed"]), (1, 1, 3))
    if not all(i["held"] for s in found["scenarios"] for i in s.get("invariants", [])):
        raise AssertionError(result.out)
    same([(s["name"], s["verdict"], s["exit"]) for s in found["scenarios"]],
         [("bad", "bad", 65), ("green", "passed", 0), ("red", "not reached", 11), ("vacuous", "vacuous", 12)])
    failed = [e for e in found["scenarios"][2]["expectations"] if not e["met"]]
    line, column = line_of("s/red.json", RED)
    same([(e["line"], e["column"], e["found"]) for e in failed], [(line, column, "b1")])


def test_junit():
    """The JUnit report is valid, and a failure names file, line and how to repeat it"""
    result = run("test", "s", "hostile", "--format", "junit")
    same(junit_schema.errors_of(result.out), [])
    root = junit_schema.ElementTree.fromstring(result.out)
    same((root.get("failures"), root.get("errors")), ("2", "2"))
    case = [c for c in root.iter("testcase") if c.find("failure") is not None][0]
    line, _ = line_of("s/red.json", RED)
    same((case.get("file"), case.get("line")), ("s/red.json", str(line)))
    has(case.find("failure").text, " run s/red.json --seed 1")
    title = [p.get("value") for p in root.iter("property") if p.get("value").startswith("a\\x1b")]
    same(title, ['a\\x1b[31m<b>&"]]>\n::error::x, 100%'])


def test_schema_is_strict():
    """The check of JUnit reports refuses what is not one"""
    good = run("test", "s", "--format", "junit").out
    same(junit_schema.errors_of(good), [])
    for old, new in [("failure", "failed"), ('line="', 'row="'), ('line="1"', 'line="0"'),
                     ('tests="', 'tests="x'), ('failures="1"', 'failures="7"'), ("<property ", "text<property "),
                     ('classname="', 'class="'), ("  <properties>", "  <testcase classname='a' name='b'/><properties>"),
                     ('classname="s/b/green" name="run"', 'classname="s/b/green" name="never records_failed"'),
                     ("</testsuites>", ""), ("crsh", "\x1b")]:
        if old not in good:
            raise AssertionError(f"{old!r} is not in the report")
        changed = good.replace("failure", "failed") if old == "failure" else good.replace(old, new, 1)
        if not junit_schema.errors_of(changed):
            raise AssertionError(f"{new!r} instead of {old!r} was not noticed")


def test_out():
    """With --out the report goes to the file and the text to standard output"""
    result = run("test", "s/red.json", "--format", "junit", "--out", "report.xml")
    same(result.returncode, 11)
    same(result.out.splitlines()[-1], "0 passed, 1 failed")
    with open(os.path.join(PLACE.name, "report.xml"), encoding="utf-8") as file:
        same(junit_schema.errors_of(file.read()), [])
    same(run("test", "good", "--out", "no/such/folder.xml").returncode, 70)


def test_github():
    """GitHub's annotations mark the line and column of what failed"""
    result = run("test", "s", "hostile", "--format", "github")
    line, column = line_of("s/red.json", RED)
    has(result.out, f"::error file=s/red.json,line={line},col={column},title=red%3A expectation not met::"
                    "expected at 64 s controller is b2; found: b1%0Aagain: ")
    commands = [text for text in result.out.splitlines() if text.startswith("::")]
    same(len(commands), 4)
    for command in commands:
        if not re.fullmatch(r"::(error|warning) file=[^,:]+,line=\d+,col=\d+,title=[^,:]+::.+", command):
            raise AssertionError(command)


def test_summary():
    """The summary is appended to its file"""
    write("summary.md", "before\n")
    run("test", "s", "--format", "github", "--summary", "summary.md")
    with open(os.path.join(PLACE.name, "summary.md"), encoding="utf-8") as file:
        text = file.read()
    if not text.startswith("before\n## Fencepost: 1 passed, 3 failed\n"):
        raise AssertionError(text)
    has(text, "| FAIL | s/red.json | ")


def test_defect():
    """A planted defect turns the scenario red that was made for it"""
    result = run("test", os.path.join(ROOT, "scenarios", "library"), "--defect", "no-epoch-bump-on-removal")
    if result.returncode in (0, 64, 65):
        raise AssertionError(result.out + result.err)
    has(result.out, "--defect no-epoch-bump-on-removal")
    same(run("test", "good", "--defect", "no-such-defect").returncode, 64)


def test_list():
    """List shows scenarios and bad ones, and finds the library by itself"""
    result = run("list", "s")
    same(result.returncode, 0)
    has(result.out, "BAD: s/a/bad.json:")
    has(result.out, "3 brokers, 2 faults, 12 expectations")
    found = json.loads(run("list", "--format", "json", cwd=ROOT).out)
    same(found["version"], 1)
    files = sorted(n for n in os.listdir(os.path.join(ROOT, "scenarios", "library")) if n.endswith(".json"))
    names = [n[:-5] for n in files]
    same([s["name"] for s in found["scenarios"]], names)
    for scenario in found["scenarios"]:
        same(scenario["ok"], True)
        if not (scenario["title"] and scenario["brokers"] and scenario["expectations"]):
            raise AssertionError(scenario)
    # Beside the program too, wherever one stands; a program that lies elsewhere says so.
    copy = os.path.join(PLACE.name, "bin", "fencepost")
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    shutil.copy(PROGRAM, copy)
    same(subprocess.run([copy, "list"], cwd=PLACE.name, capture_output=True, check=False).returncode, 64)
    write("scenarios/library/mine.json", library("leader-crash"))
    beside = subprocess.run([copy, "list"], cwd="/", capture_output=True, check=False)
    shutil.rmtree(os.path.join(PLACE.name, "scenarios"))
    has(beside.stdout.decode(), "mine")


def test_width():
    """Lists and tables are at most 100 columns wide, on a narrow terminal as wide as that"""
    tables = [["describe", topic] for topic in ["fidelity", "rules", "facts", "faults", "invariants", "settings", "defects"]]
    for arguments in [["list"], ["--help"], ["test", "--help"], [], *tables]:
        for line in run(*arguments, cwd=ROOT).out.splitlines():
            if len(line) > 100:
                raise AssertionError(line)
    output = on_terminal(["describe", "facts"], rows_columns=(24, 60))
    if not output or max(len(line) for line in output.replace("\r", "").splitlines()) > 60:
        raise AssertionError(output)


def test_describe():
    """Describe has JSON for every topic, and every invariant names defects that exist"""
    topics = [topic["name"] for topic in json.loads(run("describe", "--format", "json").out)["topics"]]
    same(len(topics), 7)
    rows = {}
    for topic in topics:
        found = json.loads(run("describe", topic, "--format", "json").out)
        same(found["version"], 1)
        rows[topic] = found[topic]
        if not found[topic] or not all(row["name"] for row in found[topic]):
            raise AssertionError(found)
        text = run("describe", topic).out
        for row in found[topic]:
            has(text, row["name"])
    defects = {row["name"] for row in rows["defects"]}
    for row in rows["invariants"]:
        same(sorted(row), ["broken_by", "kind", "name", "precondition", "promise"])
        has(["safety", "liveness"], row["kind"])
        if not row["broken_by"] or not set(row["broken_by"]) <= defects:
            raise AssertionError(row)


def test_compare():
    """Compare shows what faults cost, judges nothing, and gives medians of many seeds"""
    result = run("compare", "s/red.json", "--modes", "zookeeper")
    same(result.returncode, 0)
    rows = dict(re.split("   +", line) for line in result.out.splitlines()[4:])
    same(rows["without a controller"], "0.000 s")
    same(rows["records lost"], "0")
    found = json.loads(run("compare", "s/red.json", "good/one.json", "--modes", "zookeeper", "--seeds", "1:9", "--jobs",
                           "2", "--format", "json").out)
    same(found["version"], 1)
    same([c["file"] for c in found["comparisons"]], ["s/red.json", "good/one.json"])
    # They differ in an expectation alone, which is not even read.
    same(found["comparisons"][0]["modes"], found["comparisons"][1]["modes"])
    mode = found["comparisons"][0]["modes"][0]
    # The leader's session lasts 6 s.
    if not 5_000_000 < mode["without_leader"]["t-0"]["total_us"] < 8_000_000:
        raise AssertionError(mode)
    same(run("compare", "s/red.json", "--modes", "zookeeper", "--set", "min.insync.replicas=9").returncode, 0)
    for arguments, code in [(["s/red.json", "--modes", "zk"], 64), (["s/red.json", "--modes", ""], 64), ([], 64),
                            (["s/red.json", "--modes", "zookeeper,zookeeper"], 64),
                            (["s/a/bad.json", "--modes", "zookeeper"], 65), (["s/none.json"], 65)]:
        same(run("compare", *arguments).returncode, code)


def test_validate():
    """Validate shows all errors of all files with their places"""
    write("v/second.json", "{}")
    result = run("validate", "s", "v/second.json")
    same(result.returncode, 65)
    same(result.out.splitlines()[-1], "5 files, 3 errors, 0 warnings")
    same(run("validate", "good").returncode, 0)
    found = json.loads(run("validate", "s", "--format", "json").out)
    problems = found["files"][0]["problems"]
    same([(p["file"], p["line"], p["column"], p["code"]) for p in problems],
         [("s/a/bad.json", *line_of("s/a/bad.json", word), "unknown-key") for word in ['"titel"', '"crsh"']])
    same(problems[1]["hint"], 'did you mean "crash"?')


def test_new():
    """Every template runs green, with many seeds"""
    names = re.findall(r"^  (\w+)  ", run("new", "--list").out, re.M)
    same(names, ["crash", "pause", "cut", "upgrade"])
    os.makedirs(os.path.join(PLACE.name, "new"), exist_ok=True)
    for name in names:
        same(run("new", "new/" + name, "--from", name).returncode, 0)
    same(run("test", "new", "--seeds", "1:20").returncode, 0)
    with open(os.path.join(PLACE.name, "new", "crash.json"), encoding="utf-8") as file:
        has(file.read(), "// ")


def test_new_copies():
    """New copies a scenario of the library, without the schema that it would not find"""
    target = os.path.join(PLACE.name, "copied")
    same(run("new", target, "--from", "zombie-leader", cwd=ROOT).returncode, 0)
    with open(target + ".json", encoding="utf-8") as file:
        text = file.read()
    lines = library("zombie-leader").splitlines(keepends=True)
    same(text, "".join(line for line in lines if '"$schema"' not in line))
    same(run("test", "copied.json").returncode, 0)


def test_new_refuses():
    """New writes over nothing and knows the nearest name"""
    write("mine.json", "precious")
    result = run("new", "mine")
    same(result.returncode, 64)
    has(result.err, "mine.json exists already")
    with open(os.path.join(PLACE.name, "mine.json"), encoding="utf-8") as file:
        same(file.read(), "precious")
    result = run("new", "other", "--from", "zombie-leadr", cwd=ROOT)
    same((result.returncode, os.path.exists(os.path.join(ROOT, "other.json"))), (64, False))
    has(result.err, 'did you mean "zombie-leader"?')
    same(run("new").returncode, 64)


def test_misspelt():
    """Misspelt commands, options and values get the nearest one that exists"""
    for arguments, wanted in [(["tset"], 'did you mean "test"?'), (["validat", "x"], 'did you mean "validate"?'),
                              (["test", "x", "--frmat", "json"], 'did you mean "--format"?'),
                              (["test", "x", "--format", "junti"], 'did you mean "junit"?'),
                              (["run", "x", "--format", "junit"], "takes text or json"),
                              (["describe", "fautls"], 'did you mean "faults"?'),
                              (["completion", "bsh"], 'did you mean "bash"?'),
                              (["run", "good/oen.json"], 'did you mean "good/one.json"?')]:
        result = run(*arguments)
        same((result.returncode, result.out), (65 if arguments[-1] == "good/oen.json" else 64, ""))
        has(result.err, wanted)


def test_help():
    """Every command's help has examples, and each example is a command that exists"""
    commands = re.findall(r"^  (\w+)  +\w", run("--help").out.split("Subcommands:")[1].split("Exit codes")[0], re.M)
    if len(commands) < 9:
        raise AssertionError(commands)
    for command in commands:
        text = run(command, "--help").out
        examples = re.findall(r"^  .*?\bfencepost (\w+)", text.split("Example")[1], re.M)
        same([example for example in examples if example not in commands], [])
        has(text, "Exit codes:")
        has(text, "fencepost " + command + " ")


def on_terminal(arguments, env=None, rows_columns=None):
    """Standard output and standard error are one terminal."""
    import fcntl
    import struct
    import termios
    ours, theirs = pty.openpty()
    if rows_columns:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *rows_columns, 0, 0))
    process = subprocess.Popen([PROGRAM, *arguments], cwd=PLACE.name, env={**CLEAN, "TERM": "xterm", **(env or {})},
                               stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    output = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        output += part
    os.close(ours)
    process.wait(timeout=60)
    return output.decode("utf-8", "replace")


def test_colour():
    """Colour follows --color, NO_COLOR, CLICOLOR_FORCE and the terminal, in this order"""
    def is_coloured(text):
        return "\x1b[3" in text

    same(is_coloured(run("test", "good").out), False)
    same(is_coloured(run("test", "good", "--color", "always").out), True)
    same(is_coloured(run("test", "good", env={"CLICOLOR_FORCE": "1"}).out), True)
    same(is_coloured(run("test", "good", env={"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}).out), False)
    same(is_coloured(on_terminal(["test", "good"])), True)
    same(is_coloured(on_terminal(["test", "good"], {"NO_COLOR": "1"})), False)
    same(is_coloured(on_terminal(["test", "good", "--color=never"])), False)
    same(is_coloured(on_terminal(["test", "good"], {"TERM": "dumb"})), False)
    plain = run("test", "s").out
    same(re.sub(r"\x1b\[[0-9;]*m", "", run("test", "s", "--color", "always").out), plain)


def test_progress():
    """Long work counts its runs on a terminal, and only there"""
    arguments = ["test", "s", "--seeds", "1:150"]
    shown = on_terminal(arguments)
    if not re.search(r"\r[\d,]+ of 450 runs, [\d,]+ seeds/s\x1b\[K", shown):
        raise AssertionError(shown)
    has(shown, "\r\x1b[K")
    same(run(*arguments).err, "")


if __name__ == "__main__":
    sys.exit(tap.main(tap.cases_of(globals())))
