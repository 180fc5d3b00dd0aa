// The causal slice of an event: the steps that led to it, back to the faults, or to the boot where there is none.
//
// It is bounded on purpose, so that a person can read it. What is followed:
//  - what an event began with, exactly: the step that sent the message, armed the timer, opened or closed the
//    connection; the fault that did it. Steps that told no notable fact on the way are passed through and counted.
//  - state, by its traces: the nearest earlier step of the same node that told a notable fact about the same thing
//    (the partition, the controller's role, the broker, the quorum). What a node read without ever telling a fact
//    about it is not seen.
//  - silence, which no message shows: a time-out is blamed on the faults that kept the node, or the way to it, from
//    being heard since it was heard last. That is an inference from times; it can name a fault too many.
//  - delay: a message that waited for a paused process, or a cut, has that fault as well.
// What is not: rounds that repeat (heartbeats, a fetch without news) end where they would go round again, and so does
// a periodic timer; steps about other partitions than the target's are passed through; nothing before the boot's end
// is followed.
#pragma once

#include <vector>

#include "sim/search/causes.h"

namespace sim {

enum class LinkKind : std::uint8_t {
  message,
  timer,
  connection,
  fault,       // it did that
  undoing,     // it ended
  trigger,     // a fault waited for that
  state,       // the same node went by it
  silence,     // it kept away what would have come
  last_heard,  // after that nothing came
  held_back,   // it delayed what came
};
std::string_view name_of(LinkKind kind);

struct Link {
  Cause from, to;
  LinkKind kind{};
  std::vector<std::uint64_t> through;  // events passed through, oldest first
};

struct Slice {
  std::vector<Cause> steps;    // oldest first
  std::vector<Cause> targets;  // of them, what was asked about
  std::vector<Link> links;     // by `to`, then in the order in which they were found
};

// `targets` are not empty, and events or faults of the run.
Slice slice_of(const Plan& plan, const CausalRun& run, const std::vector<Cause>& targets);

// The targets and the faults, and of the other steps the nearest, at most `most` together.
std::vector<Cause> essence_of(const Slice& slice, std::size_t most);

// What the breach of a promise is to be traced to: the step that showed it and the last step that put the promise to
// the test. Empty: the promise held, or only the end of the run showed it and nothing led there.
std::vector<Cause> causes_of_breach(const CausalRun& run, std::size_t invariant);

// A fact that comes with each record or round, and says nothing of its own.
bool is_routine(const model::Fact& fact);
// A follower that has nothing to cut off tells so as well.
bool cuts_nothing(const model::Fact& fact);

}  // namespace sim
