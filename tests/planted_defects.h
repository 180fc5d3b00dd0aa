// For each planted defect the smallest situation in which it decides otherwise than the sound rule: the situation
// is driven through step() under the rules it is given and says in words what was decided.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/rules.h"

namespace sim::test {

struct PlantedCase {
  std::string_view defect;
  std::string_view version;  // whose rules are sound here
  std::string (*outcome)(const model::Rules& rules);
  std::string_view sound;
  std::string_view wrong;
};

std::span<const PlantedCase> planted_control_cases();
std::span<const PlantedCase> planted_high_watermark_cases();
std::span<const PlantedCase> planted_log_cases();
std::span<const PlantedCase> planted_client_cases();
std::span<const PlantedCase> planted_consumer_cases();
std::span<const PlantedCase> planted_liveness_cases();
std::span<const PlantedCase> planted_quorum_cases();
std::span<const PlantedCase> planted_kraft_cases();

// Both outcomes are as the case says.
void check_planted(std::span<const PlantedCase> cases);

}  // namespace sim::test
