"""Test cases as functions, told to meson one by one (Test Anything Protocol). A case's name is its docstring."""

import sys
import traceback


def main(cases):
    """Runs the functions in order; returns 1 if one raised, or if there are none."""
    print(f"1..{len(cases)}")
    is_good = bool(cases)
    for number, case in enumerate(cases, 1):
        name = " ".join(case.__doc__.split()).rstrip(".")
        try:
            case()
            print(f"ok {number} - {name}", flush=True)
        except Exception:  # a case that cannot run has failed
            is_good = False
            print(f"not ok {number} - {name}")
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
    return 0 if is_good else 1


def cases_of(module_globals):
    return [value for name, value in module_globals.items() if name.startswith("test_") and callable(value)]


def same(found, wanted):
    if found != wanted:
        raise AssertionError(f"found {found!r}, wanted {wanted!r}")


def has(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in:\n{text}")


if __name__ == "__main__":
    sys.exit("a module for tests, nothing to run")
