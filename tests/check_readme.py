#!/usr/bin/env python3
"""The transcript in README.md is what the program prints today: `check_readme.py PROGRAM`.
ACCEPT=1 writes it anew."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROMPT = '$ ./fencepost '


def main():
    program = sys.argv[1]
    readme = ROOT / 'README.md'
    text = readme.read_text()
    start = text.index('```\n' + PROMPT) + len('```\n')
    end = text.index('```', start)
    command = text[start:].split('\n', 1)[0]
    arguments = command[len(PROMPT):].split()
    printed = subprocess.run([program] + arguments, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    printed = printed.replace(program, './fencepost')
    wanted = command + '\n' + printed
    if text[start:end] == wanted:
        return 0
    if os.environ.get('ACCEPT') == '1':
        readme.write_text(text[:start] + wanted + text[end:])
        return 0
    print('README.md shows another run than the program gives; ACCEPT=1 writes it anew. The program prints:')
    print(wanted)
    return 1


if __name__ == '__main__':
    sys.exit(main())
