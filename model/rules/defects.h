// The planted defects, by what they break. Each changes what the protocol does, never what an observer is told, so
// that a check which stays green over one is a check that sleeps.
#pragma once

#include <span>

#include "model/rules.h"

namespace model {

std::span<const Defect> control_defects();
std::span<const Defect> high_watermark_defects();
std::span<const Defect> isr_defects();
std::span<const Defect> log_defects();
std::span<const Defect> client_defects();
std::span<const Defect> liveness_defects();
std::span<const Defect> quorum_defects();
std::span<const Defect> kraft_defects();

}  // namespace model
