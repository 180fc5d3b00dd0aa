#include "model/invariants/judge.h"

#include <array>
#include <utility>

namespace model {
namespace {

// Which rows a kind of fact concerns.
struct Concerns {
  std::array<RowSet, kBits> states{};   // can break the state that the row is about
  std::array<RowSet, kBits> changes{};  // is a change that the row may forbid
  std::array<RowSet, kBits> exposes{};
  RowSet safety_states = 0;
  RowSet liveness = 0;
};

Concerns find_concerns() {
  Concerns found;
  const auto rows = invariants();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const RowSet bit = RowSet{1} << i;
    if (rows[i].kind == InvariantKind::liveness) {
      found.liveness |= bit;
      continue;
    }
    if (rows[i].allows == nullptr) found.safety_states |= bit;
    for (std::size_t kind = 0; kind < kBits; ++kind) {
      if (contains(rows[i].facts, kind)) (rows[i].allows != nullptr ? found.changes : found.states)[kind] |= bit;
      if (contains(rows[i].exposed_by, kind)) found.exposes[kind] |= bit;
    }
  }
  return found;
}

const Concerns& concerns() {
  static const Concerns kFound = find_concerns();
  return kFound;
}

std::size_t kind_of(const Fact& fact) {
  const auto* moved = std::get_if<HighWatermarkMoved>(&fact);
  return moved != nullptr && !moved->as_leader ? kFollowerHighWatermark : fact.index();
}

template <typename Visit>
void for_each_row(RowSet rows, Visit&& visit) {
  for (; rows != 0; rows &= rows - 1) visit(lowest(rows));
}

}  // namespace

Judge::Judge(const ClusterConfig& config, const Rules& rules, const std::vector<Node>& nodes)
    : rows_(invariants()),
      config_(config),
      rules_(rules),
      nodes_(nodes),
      history_(make_history(config)),
      logs_(config),
      verdicts_(rows_.size()),
      unbroken_((RowSet{1} << rows_.size()) - 1) {}

void Judge::note(std::size_t row, Breach breach) {
  unbroken_ &= ~(RowSet{1} << row);
  verdicts_[row].broken = true;
  verdicts_[row].breach = std::move(breach);
  broken_.push_back(InvariantId(static_cast<std::uint16_t>(row)));
}

void Judge::on_fact(const Told& told) {
  const Concerns& concern = concerns();
  const std::size_t kind = kind_of(told.fact);
  const View now = view();
  for_each_row(concern.changes[kind] & unbroken_, [&](std::size_t row) {
    Breach breach;
    if (!rows_[row].allows(now, told, breach)) note(row, std::move(breach));
  });
  if (counting_) {
    for_each_row(concern.exposes[kind], [&](std::size_t row) {
      const Invariant& invariant = rows_[row];
      if (invariant.occurs == nullptr || invariant.occurs(now, told)) ++verdicts_[row].exposures;
    });
  }
  observe(history_, now, told, lost_);
  RowSet states = concern.states[kind];
  if (history_.excuse_ended) states |= concern.states[kExcuseEnded];
  if (states == 0) return;
  due_ |= states;
  const PartitionId* partition = partition_of(told.fact);
  if (partition == nullptr) {
    // A fact about the cluster or a broker concerns every partition.
    for (std::size_t p = 0; p < history_.partitions.size(); ++p) {
      const auto id = PartitionId(static_cast<std::uint16_t>(p));
      if (std::find(due_partitions_.begin(), due_partitions_.end(), id) == due_partitions_.end()) {
        due_partitions_.push_back(id);
      }
    }
  } else if (std::find(due_partitions_.begin(), due_partitions_.end(), *partition) == due_partitions_.end()) {
    due_partitions_.push_back(*partition);
  }
}

void Judge::judge_partition(RowSet rows, PartitionId p) {
  const View now = view();
  for_each_row(rows & unbroken_, [&](std::size_t row) {
    const Invariant& invariant = rows_[row];
    if (invariant.holds == nullptr) return;
    Breach breach{kNoNode, true, p, {}};
    if (!invariant.holds(now, p, breach)) note(row, std::move(breach));
  });
}

void Judge::on_step_over() {
  const RowSet rows = std::exchange(due_, 0) & unbroken_;
  if (rows != 0) {
    for (const PartitionId p : due_partitions_) judge_partition(rows, p);
    const View now = view();
    for_each_row(rows & unbroken_, [&](std::size_t row) {
      const Invariant& invariant = rows_[row];
      if (invariant.holds_everywhere == nullptr) return;
      Breach breach;
      if (!invariant.holds_everywhere(now, breach)) note(row, std::move(breach));
    });
  }
  due_partitions_.clear();
}

void Judge::judge_all() {
  due_ = concerns().safety_states;
  due_partitions_.clear();
  for (std::size_t p = 0; p < history_.partitions.size(); ++p) {
    due_partitions_.push_back(PartitionId(static_cast<std::uint16_t>(p)));
  }
  on_step_over();
}

void Judge::conclude(Duration quiet) {
  observe_end(history_, view(), lost_);
  const View now = view();
  RowSet settled = 0;
  for_each_row(concerns().liveness, [&](std::size_t row) {
    if (quiet < rows_[row].settles(config_)) return;
    settled |= RowSet{1} << row;
    ++verdicts_[row].exposures;
    const Invariant& invariant = rows_[row];
    if (invariant.holds_everywhere == nullptr) return;
    Breach breach;
    if (!invariant.holds_everywhere(now, breach)) note(row, std::move(breach));
  });
  for (std::size_t p = 0; p < history_.partitions.size(); ++p) {
    judge_partition(settled, PartitionId(static_cast<std::uint16_t>(p)));
  }
}

std::vector<InvariantId> Judge::take_broken() { return std::exchange(broken_, {}); }
std::vector<RecordLost> Judge::take_lost() { return std::exchange(lost_, {}); }

}  // namespace model
