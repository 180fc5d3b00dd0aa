#!/usr/bin/env python3
"""The pages of `report` in a real Chromium: `pages_test.py PROGRAM [--pictures DIR]`; speaks TAP. Without a Chromium
it is skipped. Pictures are for people to look at; without the option none are made."""

import glob
import json
import os
import subprocess
import sys
import tempfile

import browser
import tap
from tap import has, same

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.abspath(sys.argv[1])
PICTURES = os.path.abspath(sys.argv[sys.argv.index("--pictures") + 1]) if "--pictures" in sys.argv else None
PLACE = tempfile.TemporaryDirectory()
LIBRARY = sorted(glob.glob(os.path.join(ROOT, "scenarios", "library", "*.json")))
# A run of more than 100,000 events, and what it may take until it is drawn: two seconds, on a machine that does
# nothing else. Tests share theirs.
LONG_EVENTS, LONG_MS = 100_000, 2_000
PATIENCE = 10


def report(scenario, *options):
    page = os.path.join(PLACE.name, os.path.basename(scenario)[:-5] + ".html")
    subprocess.run([PROGRAM, "report", scenario, "-o", page, *options], check=True, capture_output=True, timeout=300)
    return page


def row():
    """Number of the event that the page looks at; None: a fault."""
    number = CHROMIUM.evaluate("document.querySelector('.details .number').textContent")
    return int(number[1:]) if number.startswith("#") else None


def picture(name):
    if PICTURES:
        os.makedirs(PICTURES, exist_ok=True)
        CHROMIUM.screenshot(os.path.join(PICTURES, name + ".png"))


def test_library():
    """The page of every scenario of the library opens without a complaint and tells the story that `run` tells"""
    CHROMIUM.look()
    for scenario in LIBRARY:
        name = os.path.basename(scenario)[:-5]
        CHROMIUM.open(report(scenario))
        same((name, CHROMIUM.complaints()), (name, []))
        text = CHROMIUM.evaluate("document.querySelector('ol.story').innerText.replace(/\\s+/g, ' ')")
        data = json.loads(CHROMIUM.evaluate("document.getElementById('run').textContent"))
        same(len(data["story"]) > 0, True)
        for line in data["story"]:
            has(text, " ".join(line["what"].split()))
        told = subprocess.run([PROGRAM, "run", scenario], capture_output=True, text=True, check=False).stdout
        for line in data["story"]:
            has(told, line["what"])
        painted = CHROMIUM.evaluate(
            "(() => { const c = document.querySelector('.picture canvas'); const d = c.getContext('2d')"
            ".getImageData(0, 0, c.width, c.height).data; return d.some((value) => value !== 0); })()")
        same((name, painted), (name, True))
        same((name, CHROMIUM.evaluate("document.documentElement.scrollWidth <= innerWidth")), (name, True))
        picture(name)


def test_keys():
    """Keys step, search, filter, zoom and show themselves; the address follows"""
    CHROMIUM.look()
    CHROMIUM.open(report(LIBRARY[0].replace(os.path.basename(LIBRARY[0]), "zombie-controller.json")))
    same(row(), None)  # the fault, where it begins
    CHROMIUM.press("j")
    first = row()
    CHROMIUM.press("ArrowDown")
    second = row()
    same(second > first, True)
    same(CHROMIUM.evaluate("location.hash"), f"#e{second}")
    CHROMIUM.press("k")
    same(row(), first)
    CHROMIUM.press("n")
    CHROMIUM.press("N")
    CHROMIUM.press("f")
    same(CHROMIUM.evaluate("document.querySelector('.tools select').selectedIndex"), 1)
    CHROMIUM.press("/", "Slash")
    same(CHROMIUM.evaluate("document.activeElement.type"), "search")
    for letter in "truncates":
        CHROMIUM.press(letter)
    CHROMIUM.press("Enter")
    has(CHROMIUM.evaluate("document.querySelector('.details').innerText"), "truncates")
    picture("keys-search")
    CHROMIUM.press("Escape")
    CHROMIUM.press("+")
    CHROMIUM.press("?")
    same(CHROMIUM.evaluate("document.querySelector('dialog').open"), True)
    picture("keys-help")
    CHROMIUM.press("Escape")
    same(CHROMIUM.evaluate("document.querySelector('dialog')"), None)
    same(CHROMIUM.complaints(), [])


def test_violation():
    """A broken promise is what a page opens at, with the state before and after"""
    CHROMIUM.look()
    page = report(os.path.join(ROOT, "scenarios", "library", "leader-crash.json"), "--defect", "controller-epoch-skips")
    CHROMIUM.open(page)
    has(CHROMIUM.evaluate("document.querySelector('header').innerText"), "FAIL: safety violated")
    details = CHROMIUM.evaluate("document.querySelector('.details').innerText")
    has(details, "controller-epoch-grows is broken")
    has(details.lower(), "before")
    picture("violation")
    same(CHROMIUM.complaints(), [])


def test_dark():
    """In the dark, and without much room, a page is as quiet"""
    CHROMIUM.look(dark=True)
    page = report(os.path.join(ROOT, "scenarios", "library", "quorum-leader-paused.json"))
    CHROMIUM.open(page)
    background = CHROMIUM.evaluate("getComputedStyle(document.body).backgroundColor")
    same(all(int(part) < 64 for part in background[4:-1].split(",")), True)
    picture("dark")
    CHROMIUM.look(width=800, height=600)
    CHROMIUM.open(page)
    same(CHROMIUM.evaluate("document.documentElement.scrollWidth <= innerWidth"), True)
    same(CHROMIUM.complaints(), [])


def test_roles():
    """Whoever cannot see the picture has names for everything that can be operated"""
    CHROMIUM.look()
    CHROMIUM.open(report(os.path.join(ROOT, "scenarios", "library", "zombie-controller.json")))
    nameless = CHROMIUM.evaluate(
        "[...document.querySelectorAll('button, input, select, [role=tab], [role=toolbar], [role=img], main section')]"
        ".filter((one) => !(one.innerText || one.getAttribute('aria-label') || one.closest('label')?.innerText))"
        ".map((one) => one.outerHTML)")
    same(nameless, [])
    same(CHROMIUM.evaluate("document.querySelector('[role=status]').textContent.length > 10"), True)
    CHROMIUM.evaluate("document.getElementById('tab-events').click()")
    CHROMIUM.press("j")
    same(CHROMIUM.evaluate("document.querySelectorAll('[role=option][aria-selected=true]').length"), 1)


def test_long():
    """A hundred thousand events open in two seconds"""
    with open(os.path.join(ROOT, "scenarios", "library", "zombie-controller.json"), encoding="utf-8") as file:
        text = file.read()
    scenario = os.path.join(PLACE.name, "long.json")
    with open(scenario, "w", encoding="utf-8") as file:
        file.write(text.replace('"20/s"', '"800/s"').replace('"count": 2000', '"count": 60000'))
    page = report(scenario)
    CHROMIUM.look()
    took = CHROMIUM.open(page)
    events = CHROMIUM.evaluate("JSON.parse(document.getElementById('run').textContent).events")
    # What the page itself says, without the start of a process and the reading of the file.
    busy = CHROMIUM.evaluate("performance.timing.loadEventEnd - performance.timing.responseStart")
    print(f"# {events} events, {os.path.getsize(page) // 1024} KB, {took:.0f} ms until drawn, {busy} ms by the page's clock")
    same(events >= LONG_EVENTS, True)
    same(busy < LONG_MS * PATIENCE, True)
    picture("long")
    CHROMIUM.press("f")
    CHROMIUM.press("f")
    picture("long-everything")
    same(CHROMIUM.complaints(), [])


if __name__ == "__main__":
    found = browser.find()
    if found is None:
        print("1..0 # SKIP there is no chromium; tests/install-packages pages installs it")
        sys.exit(0)
    CHROMIUM = browser.Browser(found)
    try:
        code = tap.main(tap.cases_of(globals()))
    finally:
        CHROMIUM.close()
    sys.exit(code)
