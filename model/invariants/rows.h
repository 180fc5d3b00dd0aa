// The rows by subject; registry.cpp puts them in order. For the files that define them.
#pragma once

#include <span>

#include "model/invariants/invariant.h"

namespace model {

std::span<const Invariant> control_rows();      // ZooKeeper's word, the controller, epochs
std::span<const Invariant> replication_rows();  // logs, high watermark, ISR
std::span<const Invariant> client_rows();       // what producers were told
std::span<const Invariant> liveness_rows();     // what must come back when the faults are over

}  // namespace model
