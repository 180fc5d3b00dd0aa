#!/usr/bin/env python3
"""Puts the page's script and style into a source file, with the hashes that its content policy names.
`embed.py SCRIPT STYLE OUT`"""

import base64
import hashlib
import sys

# Compilers guarantee 65,536 characters for a literal.
PIECE = 16000
ESCAPED = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("?"): "\\?"}


def literal(data):
    lines = []
    for begin in range(0, len(data), PIECE):
        text = "".join(ESCAPED.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}")
                       for byte in data[begin:begin + PIECE])
        lines.append(f'    "{text}"')
    return "\n".join(lines) or '    ""'


def hash_of(data):
    return "sha256-" + base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")


def main():
    script, style, out = sys.argv[1:]
    parts = []
    for path in (script, style):
        with open(path, "rb") as file:
            parts.append(file.read())
        # It would end the element that the text stands in.
        if b"</script" in parts[-1].lower() or b"</style" in parts[-1].lower() or b"<!--" in parts[-1]:
            sys.exit(f"{path}: has the end of an element or the beginning of a comment in it")
    with open(out, "w", encoding="ascii") as file:
        file.write('#include "reports/page_asset.h"\n\nnamespace reports {\nnamespace {\n\n')
        for name, data in zip(("kScript", "kStyle"), parts):
            # Its length is given: the literal is no string that ends at a null.
            file.write(f"constexpr char {name}[] =\n{literal(data)};\n")
        file.write("\n}  // namespace\n\nPageAsset page_asset() {\n  return {{kScript, sizeof kScript - 1}, "
                   "{kStyle, sizeof kStyle - 1},\n          "
                   f'"{hash_of(parts[0])}", "{hash_of(parts[1])}"}};\n}}\n\n}}  // namespace reports\n')


main()
