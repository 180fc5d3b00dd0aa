// The promises of the protocol, one row each. A safety row is judged whenever one of the facts occurs that
// can break it; a test judges all of them after every event and demands the same verdict. A liveness row is
// judged when the faults are over and things had time to settle. A row counts as exposed when its
// precondition occurred, however often it was looked at.
//
// Promises are those of Kafka's design and of its formal models (kafka-specification by J. Gustafson,
// kafka-tlaplus by J. Vanlightly); what the protocol loses by design is no violation (LossReason).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/facts.h"
#include "model/invariants/view.h"

namespace model {

enum class InvariantKind : std::uint8_t { safety, liveness };

using RowSet = Bits;  // bit i: InvariantId i
static_assert(kFactKinds < kBits - 2);
// A follower's high watermark that moves breaks less than a leader's: it has a bit of its own in a row's
// `facts`, and is not meant by HighWatermarkMoved there.
inline constexpr std::size_t kFollowerHighWatermark = kBits - 1;
// A replica holds again as much as had excused it (see History::excuse_ended): from now on it counts.
inline constexpr std::size_t kExcuseEnded = kBits - 2;
template <typename... F>
constexpr FactSet facts_of() {
  return ((FactSet{1} << kFactIndex<F>) | ... | FactSet{0});
}

// Where a promise is broken, and by what: a sentence for people without the place, "b2 leads in epoch 3,
// and so does b1".
struct Breach {
  NodeId broker = kNoNode;
  bool has_partition = false;
  PartitionId partition{};
  std::string what;
};

struct Invariant {
  std::string_view name;          // "leader-in-isr"
  std::string_view promise;       // one sentence
  std::string_view precondition;  // what exposes it: "an election"
  InvariantKind kind = InvariantKind::safety;
  FactSet facts = 0;  // safety: those that can break it

  // The facts that are occurrences of the precondition; `occurs` says which of them are, null: all.
  FactSet exposed_by = 0;
  bool (*occurs)(const View&, const Told&) = nullptr;

  // Exactly one of these; each returns false, with the breach filled in, if the promise is broken.
  bool (*allows)(const View&, const Told&, Breach&) = nullptr;  // a change, before the history knows it
  bool (*holds)(const View&, PartitionId, Breach&) = nullptr;   // a state of one partition
  bool (*holds_everywhere)(const View&, Breach&) = nullptr;     // a state of the cluster

  // Liveness: how long after the last fault the cluster may take. Null for safety.
  Duration (*settles)(const ClusterConfig&) = nullptr;

  std::span<const std::string_view> broken_by = {};  // planted defects that break it, the first one surely
};

// In a fixed order; InvariantId is the place in it. At most kBits.
std::span<const Invariant> invariants();
const Invariant& row_of(InvariantId id);
// Null if there is none of that name.
const Invariant* find_invariant(std::string_view name);
InvariantId id_of(const Invariant& row);

}  // namespace model
