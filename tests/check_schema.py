#!/usr/bin/env python3
"""Fails unless the schema that editors use and the loader agree: every scenario that loads is valid by the schema,
and every file of tests/scenarios/bad is invalid by it, but for the kinds of error below, which no schema can see.
With --self-test: takes parts out of the schema and fails unless that is noticed."""

import copy
import json
import pathlib
import re
import sys

try:
    import jsonschema
except ImportError:
    sys.exit("check_schema: needs python3-jsonschema (a Debian package); tests/install-packages tests installs it")

SCHEMA = pathlib.Path("scenarios/scenario.schema.json")
FOLDERS = ["scenarios/library", "tests/random", "tests/scenarios/good"]
GOOD = sorted(path for folder in FOLDERS for path in pathlib.Path(folder).glob("*.json"))
BAD = sorted(pathlib.Path("tests/scenarios/bad").glob("*.json"))

# What no schema can see, and why. The names are those of files in tests/scenarios/bad.
UNSEEN = {
    "a JSON parser keeps one of two equal keys before a schema sees either": [
        "duplicate-key", "duplicate-key-escaped"],
    "a name refers to another part of the file: which nodes, topics, partitions and replicas there are": [
        "client-named-as-node", "client-unknown-topic", "consumer-named-as-broker", "consumer-unknown-topic",
        "consumer-which-topic", "latency-unknown-rack", "latency-without-racks", "rack-of-unknown-controller",
        "expect-acknowledged-broker", "expect-field-node",
        "expect-state-unknown-partition", "fault-create-topic",
        "fault-alter-config-topic", "fault-reassign-partition", "fault-reassign-unknown-broker",
        "fault-unknown-rack", "fault-when-state-broker", "racks-broker",
        "fault-unknown-node", "fault-unknown-node-far", "kraft-names-zookeeper",
        "fault-unknown-partition", "fault-unknown-rank", "per-broker-unknown", "unknown-replica",
        "unknown-replica-name"],
    "a target is a small language of its own, in a string": [
        "fault-later-role", "fault-role-unclosed", "fault-role-without-argument", "fault-unknown-role",
        "fault-stop-zookeeper", "fault-wipe-zookeeper", "fault-expire-session-zookeeper", "fault-when-state-incomplete"],
    "two values are compared: times with the end of the run or each other, bounds, sides, entries of a list": [
        "expect-after-the-end", "expect-between-order", "expect-range-order", "fault-after-the-end",
        "fault-before-the-boot", "fault-cut-both-sides", "fault-delay-jitter", "latency-jitter-too-large", "racks-twice",
        "replica-twice", "until-too-long", "until-fine"],
    "keys of Kafka are compared with each other": [
        "client-delivery-timeout", "client-idempotence", "config-conflict",
        "controllers-with-zookeeper", "kraft-version"],
    "the keys of all brokers and those of one are the same table": [
        "broker-rack-of-all"],
    "how many of a family of keys there are": [
        "expect-two-states"],
}


def text_without_comments(text):
    return re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', lambda m: m.group(1) or " ", text, flags=re.S)


def problems_of(schema, good, bad):
    """Each disagreement as a sentence."""
    validator = jsonschema.Draft7Validator(schema)
    unseen = {name for names in UNSEEN.values() for name in names}
    for path in good:
        for error in validator.iter_errors(json.loads(text_without_comments(path.read_text()))):
            yield f"{path}: loads, but the schema refuses it: {error.message[:200]} at {list(error.absolute_path)}"
    for path in bad:
        try:
            value = json.loads(text_without_comments(path.read_text()))
        except (ValueError, RecursionError):
            continue  # no JSON: an editor says so without a schema
        is_valid = validator.is_valid(value)
        if is_valid and path.stem not in unseen:
            yield f"{path}: is refused, but the schema accepts it: {path.with_suffix('.txt').read_text().strip()}"
        if not is_valid and path.stem in unseen:
            yield f"{path}: the schema sees what UNSEEN says it cannot see"
    for name in sorted(unseen - {path.stem for path in bad}):
        yield f"UNSEEN names {name}, which is no file of tests/scenarios/bad"


def self_test(schema):
    """Without each of these a bad file slips through, or a good one does not."""
    def no_required(s): del s["required"]
    def open_cluster(s): del s["definitions"]["cluster"]["additionalProperties"]
    def no_facts(s): s["definitions"]["generated"]["fact_name"] = {}
    def no_states(s): s["definitions"]["expectation"]["patternProperties"] = {}
    def no_settings(s): s["definitions"]["generated"]["broker_config"] = {}
    def no_verb(s): del s["definitions"]["fault"]["properties"]["pause"]
    def no_invariants(s): s["definitions"]["generated"]["invariant_name"] = {"enum": []}
    missed = []
    for damage in (no_required, open_cluster, no_facts, no_states, no_settings, no_verb, no_invariants):
        damaged = copy.deepcopy(schema)
        damage(damaged)
        if not list(problems_of(damaged, GOOD, BAD)):
            missed.append(damage.__name__)
    return [f"not noticed: {name}" for name in missed]


def main():
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    if not GOOD or not BAD:
        sys.exit("check_schema: no scenarios to check; run it from the project's folder")
    if "--self-test" in sys.argv[1:]:
        problems, fine = self_test(schema), "every damaged schema is noticed"
    else:
        problems = list(problems_of(schema, GOOD, BAD))
        fine = f"{len(GOOD)} good and {len(BAD)} bad files: the schema and the loader agree"
    print("\n".join(problems) or fine)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
