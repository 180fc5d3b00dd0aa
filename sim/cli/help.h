// What `--help` says beyond the options.
#pragma once

namespace cli::help {

inline constexpr const char* kAbout =
    "Fencepost simulates a Kafka cluster, deterministically: brokers, ZooKeeper, the controller and\n"
    "clients on a virtual clock, with the faults of a JSON scenario. The same scenario and seed always\n"
    "give the same run.";
inline constexpr const char* kExitCodes =
    "\nExit codes:\n"
    "  0 good   10 safety violated   11 an expectation not reached\n"
    "  12 vacuous: a fault or a check did nothing   13 nondeterminism   14 budget ran out\n"
    "  64 wrong usage   65 bad scenario   70 our bug   130 interrupted";
inline constexpr const char* kFirstSteps =
    "\n\nFirst steps:\n"
    "  fencepost list                                          scenarios that are there\n"
    "  fencepost run scenarios/library/zombie-controller.json  one run, told line by line\n"
    "  fencepost new mine && fencepost run mine.json           a scenario of your own\n"
    "  fencepost test scenarios/library                        all of them, for CI\n"
    "  fencepost COMMAND --help                                options and examples of a command";

inline constexpr const char* kRun =
    "Runs each scenario and tells what happened: a header with what the run depends on, one line for\n"
    "each change of state, the verdict, and a command that repeats the run. With --seeds, one line for\n"
    "each seed and the first one that fails in full; the exit code is that of the worst run.\n"
    "\nExamples:\n"
    "  fencepost run scenarios/library/zombie-controller.json\n"
    "  fencepost run scenarios/library/zombie-controller.json --seeds 1:100 --jobs 2\n"
    "  fencepost run scenarios/library/zombie-controller.json --set replica.lag.time.max.ms=5000\n"
    "  fencepost run scenarios/library/zombie-controller.json --format json --trace run.jsonl";
inline constexpr const char* kTest =
    "Runs every scenario that it finds: files as given, folders with everything below them (*.json, but\n"
    "not *.schema.json, nothing hidden). A scenario fails if an expectation is not met, if a fault had no\n"
    "effect or an expectation was never decided (vacuous), or if its file is bad. The last line is\n"
    "\"N passed, N failed\", the exit code that of the worst scenario: 65, 10, 11, 12, else 0.\n"
    "\nFormats: text for people, json for programs, junit for GitLab, Jenkins and others, github for the\n"
    "annotations of GitHub Actions. With --out FILE that format goes to the file and the text to standard\n"
    "output. The order is that of the paths, whatever --jobs is.\n"
    "\nExamples:\n"
    "  fencepost test scenarios/library --jobs 0\n"
    "  fencepost test scenarios/library --seeds 1:20 --format junit --out junit.xml\n"
    "  fencepost test scenarios/library --format github --summary \"$GITHUB_STEP_SUMMARY\"";
inline constexpr const char* kTwice =
    "Runs each scenario twice and compares every event, fact and fault. Says \"same\", or names the first\n"
    "event in which the two runs part; then the exit code is 13, and the bug is ours.\n"
    "\nExample:\n  fencepost twice scenarios/library/zombie-controller.json --seed 7";
inline constexpr const char* kCompare =
    "Runs each scenario in several modes, whatever its file says, and shows side by side what the faults cost\n"
    "the cluster's users: time without a controller, without a leader and without an acknowledged write,\n"
    "records lost, and messages. What the file expects is not judged. With --seeds, the median of each figure.\n"
    "\nExamples:\n"
    "  fencepost compare scenarios/library/controller-crash.json\n"
    "  fencepost compare scenarios/library/controller-crash.json --seeds 1:100 --jobs 0 --format json";
inline constexpr const char* kWhy =
    "Tells what led to an event of a run: the messages, timers and connections, the state that mattered, and\n"
    "the faults where it all began, oldest first, one sentence each. The run is named by its file and seed, as\n"
    "for run; EVENT is an event's number (as --trace has it), the name of a fact (fencepost describe facts; the\n"
    "last one, or fact:2 the second), of a promise that was broken, or \"violation\". Without EVENT: the\n"
    "violation if there is one, else what could be asked.\n"
    "\nExamples:\n"
    "  fencepost why scenarios/library/zombie-controller.json controller_elected\n"
    "  fencepost why scenarios/library/zombie-controller.json truncates --format mermaid\n"
    "  fencepost why scenarios/library/unclean-by-hand.json record_lost:1 --format dot";
inline constexpr const char* kDiff =
    "Runs two scenarios, or one with two seeds, settings or defects, and shows where the runs part: the first\n"
    "event that differs, the state of its node where that differs, which fault, rule or draw made the\n"
    "difference, and the first fact that differs, times aside. The exit code is 0, whether they part or not.\n"
    "\nExamples:\n"
    "  fencepost diff scenarios/library/leader-crash.json --seed-b 2\n"
    "  fencepost diff scenarios/library/leader-crash.json --defect-b no-epoch-bump-on-removal\n"
    "  fencepost diff mine.json mine-with-a-pause.json";
inline constexpr const char* kExport =
    "Runs a scenario and writes the run for another program: shiviz (https://bestchai.bitbucket.io/shiviz/, a\n"
    "log with vector clocks), perfetto (https://ui.perfetto.dev: roles and epochs as slices, messages as\n"
    "arrows, faults as marks), mermaid (a sequence diagram of what is notable), csv (every fact).\n"
    "\nExamples:\n"
    "  fencepost export scenarios/library/zombie-controller.json --format perfetto -o zombie.perfetto.json\n"
    "  fencepost export scenarios/library/leader-crash.json --format csv > facts.csv";
inline constexpr const char* kConform =
    "Replays the faults of recordings of a real cluster in the model, with many seeds, and lines the\n"
    "model's facts up with what really happened.\n"
    "\nExample:\n  fencepost conform tests/recordings/z02-controller-pause.json";
inline constexpr const char* kReport =
    "Runs a scenario and writes the run as one HTML page that needs no network: every event on a line of\n"
    "time, who held which role, the ISR and the high watermark, the state before and after each step, and\n"
    "the story as text. Keys: j and k step, / searches, ? shows the rest. The exit code is 0 once the page\n"
    "is written, whatever became of the run.\n"
    "\nExamples:\n"
    "  fencepost report scenarios/library/zombie-controller.json\n"
    "  fencepost report scenarios/library/zombie-controller.json --seed 7 -o seven.html";
inline constexpr const char* kList =
    "Lists the scenarios of a folder and of those below it; without one, of scenarios/library in the working\n"
    "directory or beside the program. Files that are no scenarios are listed as bad.\n"
    "\nExamples:\n  fencepost list\n  fencepost list my-scenarios --format json";
inline constexpr const char* kValidate =
    "Checks scenarios without running them and shows every mistake of every file, with the line and what may\n"
    "have been meant. The exit code is 65 if there are errors; warnings do not count.\n"
    "\nExamples:\n  fencepost validate mine.json\n  fencepost validate scenarios --format json";
inline constexpr const char* kNew =
    "Writes NAME.json, a small scenario with comments that runs green, to be changed step by step: from a\n"
    "template, or a copy of a scenario of the library. A file that exists is never written over.\n"
    "\nExamples:\n"
    "  fencepost new mine && fencepost run mine.json\n"
    "  fencepost new --list\n"
    "  fencepost new my-zombie --from zombie-controller";
inline constexpr const char* kDescribe =
    "Shows what the program knows: fidelity (where the model differs from a real cluster), facts, rules,\n"
    "invariants, defects, settings and faults. Without a topic it lists the topics.\n"
    "\nExamples:\n  fencepost describe fidelity\n  fencepost describe settings --format json";
inline constexpr const char* kCompletion =
    "Prints a script that completes commands, options, their values and files.\n"
    "\nExamples:\n"
    "  source <(fencepost completion bash)\n"
    "  fencepost completion zsh > ~/.zfunc/_fencepost\n"
    "  fencepost completion fish > ~/.config/fish/completions/fencepost.fish";

}  // namespace cli::help
