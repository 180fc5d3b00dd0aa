// Many runs of plans with drawn faults, and which promises they put to the test or broke.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/kernel/plan.h"
#include "sim/search/draw.h"
#include "sim/search/run.h"

namespace sim {

struct CampaignRow {  // by model::InvariantId
  std::int64_t exposed_runs = 0;
  std::int64_t broken_runs = 0;
  // The first seed that breaks it, in the order of the seeds whatever the number of threads.
  std::uint64_t first_seed = 0;
  std::size_t first_plan = 0;
};
struct Campaign {
  std::int64_t runs = 0;
  std::uint64_t events = 0;
  model::Duration simulated;
  std::vector<CampaignRow> rows;
  bool any_broken() const;
};

struct CampaignOptions {
  std::uint64_t first = 1, last = 1000;  // seeds, both inclusive; seed s takes plan s % plans
  int jobs = 1;
  DrawLimits limits;
  // Stop soon after a promise is broken; 0: go on to the end. What is reported then still does not depend on
  // the threads: seeds are taken in blocks of this many, and a block is finished.
  std::uint64_t block = 0;
};

// The plan of one seed of a campaign.
Plan campaign_plan(const std::vector<Plan>& plans, std::uint64_t seed, const DrawLimits& limits);
Campaign run_campaign(const std::vector<Plan>& plans, const CampaignOptions& options);

}  // namespace sim
