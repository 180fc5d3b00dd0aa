#!/usr/bin/env python3
"""Validates JUnit XML against tests/junit.xsd: `junit_schema.py FILE...`, 1 if one is invalid. Reads as much of XML
Schema as that file uses, so that it needs nothing but Python, and asks xmllint as well where that is installed."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "junit.xsd")
XS = "{http://www.w3.org/2001/XMLSchema}"
TYPES = {
    "xs:string": re.compile(r".*", re.S),
    "xs:nonNegativeInteger": re.compile(r"\s*\+?\d+\s*"),
    "xs:positiveInteger": re.compile(r"\s*\+?0*[1-9]\d*\s*"),
    "xs:decimal": re.compile(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)\s*"),
}


class Schema:
    def __init__(self, path=SCHEMA):
        root = ElementTree.parse(path).getroot()
        self.elements = {e.get("name"): e for e in root.findall(XS + "element")}
        self.types = {t.get("name"): t for t in root.findall(XS + "complexType")}

    def type_of(self, name):
        """(complex type or None, name of a simple type)"""
        element = self.elements[name]
        if element.get("type") in self.types:
            return self.types[element.get("type")], None
        return element.find(XS + "complexType"), element.get("type")

    def errors(self, text):
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            return [f"not well-formed: {error}"]
        if root.tag not in self.elements:
            return [f"<{root.tag}> is no element"]
        return list(self.element_errors(root, root.tag))

    def element_errors(self, element, path):
        complex_type, simple = self.type_of(element.tag)
        if complex_type is None:
            if len(element) or element.attrib or not TYPES[simple].fullmatch(element.text or ""):
                yield f"{path}: not a {simple}"
            return
        yield from self.attribute_errors(complex_type, element, path)
        if complex_type.get("mixed") != "true":
            if any((text or "").strip() for text in [element.text] + [child.tail for child in element]):
                yield f"{path}: text between elements"
        yield from self.content_errors(complex_type.find(XS + "sequence"), element, path)

    def attribute_errors(self, complex_type, element, path):
        known = {a.get("name"): a for a in complex_type.findall(XS + "attribute")}
        for name, value in element.attrib.items():
            if name not in known:
                yield f"{path}: attribute {name} is unknown"
            elif not TYPES[known[name].get("type")].fullmatch(value):
                yield f"{path}: {name}=\"{value}\" is not a {known[name].get('type')}"
        for name, attribute in known.items():
            if attribute.get("use") == "required" and name not in element.attrib:
                yield f"{path}: attribute {name} is missing"

    def content_errors(self, sequence, element, path):
        children, at = list(element), 0
        for particle in [] if sequence is None else sequence:
            if particle.tag == XS + "choice":
                names = {p.get("ref") for p in particle}
            else:
                names = {particle.get("ref")}
            most = particle.get("maxOccurs", "1")
            count = 0
            while at < len(children) and children[at].tag in names and (most == "unbounded" or count < int(most)):
                yield from self.element_errors(children[at], f"{path}/{children[at].tag}[{at + 1}]")
                at, count = at + 1, count + 1
            if count < int(particle.get("minOccurs", "1")):
                yield f"{path}: {' or '.join(sorted(names))} is missing"
        if at < len(children):
            yield f"{path}: <{children[at].tag}> may not stand here"


def counts_errors(text):
    """What a schema cannot say: the counts are those of the cases, and no two cases of a suite are alike."""
    root = ElementTree.fromstring(text)
    for suite in list(root.iter("testsuite")) + [root]:
        cases = list(suite.iter("testcase"))
        for attribute, tag in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]:
            found = sum(1 for case in cases if case.find(tag) is not None)
            if int(suite.get(attribute, "0")) != found:
                yield f"{suite.get('name')}: {attribute}=\"{suite.get(attribute)}\", but there are {found}"
        if int(suite.get("tests")) != len(cases):
            yield f"{suite.get('name')}: tests=\"{suite.get('tests')}\", but there are {len(cases)}"
        names = [(case.get("classname"), case.get("name")) for case in cases]
        if len(set(names)) != len(names):
            yield f"{suite.get('name')}: two cases of the same name"


def xmllint_errors(text):
    if shutil.which("xmllint") is None:
        return []
    result = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", SCHEMA, "-"], input=text.encode(),
                            capture_output=True, check=False)
    return [] if result.returncode == 0 else [result.stderr.decode("utf-8", "replace").strip()]


def errors_of(text):
    return Schema().errors(text) or list(counts_errors(text)) or xmllint_errors(text)


def main():
    if len(sys.argv) < 2:
        print("usage: junit_schema.py FILE...", file=sys.stderr)
        return 64
    is_bad = False
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            for error in errors_of(file.read()):
                print(f"{path}: {error}")
                is_bad = True
    return 1 if is_bad else 0


if __name__ == "__main__":
    sys.exit(main())
