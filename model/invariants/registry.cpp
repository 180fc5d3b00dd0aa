#include <algorithm>
#include <vector>

#include "model/ensure.h"
#include "model/invariants/rows.h"

namespace model {
namespace {

std::vector<Invariant> all_rows() {
  std::vector<Invariant> rows;
  for (const auto& some : {control_rows(), replication_rows(), committed_rows(), client_rows(), liveness_rows(),
                           quorum_rows(), kraft_rows(), consumer_rows()}) {
    rows.insert(rows.end(), some.begin(), some.end());
  }
  ENSURE(rows.size() < kBits);  // Judge keeps sets of them
  return rows;
}

}  // namespace

std::span<const Invariant> invariants() {
  static const std::vector<Invariant> kRows = all_rows();
  return kRows;
}

const Invariant& row_of(InvariantId id) { return invariants()[static_cast<std::size_t>(id)]; }

const Invariant* find_invariant(std::string_view name) {
  const auto rows = invariants();
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const Invariant& row) { return row.name == name; });
  return at == rows.end() ? nullptr : &*at;
}

InvariantId id_of(const Invariant& row) { return InvariantId(static_cast<std::uint16_t>(&row - invariants().data())); }

}  // namespace model
