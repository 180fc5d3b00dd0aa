#include "sim/search/campaign.h"

#include <algorithm>
#include <atomic>

#include "model/ensure.h"
#include "model/invariants/invariant.h"
#include "sim/search/threads.h"

namespace sim {
namespace {

void add(Campaign& total, const Outcome& outcome, std::uint64_t seed, std::size_t plan) {
  ++total.runs;
  total.events += outcome.events;
  total.simulated = total.simulated + outcome.simulated;
  for (std::size_t i = 0; i < outcome.invariants.size(); ++i) {
    const InvariantResult& result = outcome.invariants[i];
    CampaignRow& row = total.rows[i];
    if (result.exposures > 0) ++row.exposed_runs;
    if (!result.broken || !result.promised) continue;
    if (row.broken_runs++ == 0 || seed < row.first_seed) {
      row.first_seed = seed;
      row.first_plan = plan;
    }
  }
}

void add(Campaign& total, const Campaign& part) {
  total.runs += part.runs;
  total.events += part.events;
  total.simulated = total.simulated + part.simulated;
  for (std::size_t i = 0; i < total.rows.size(); ++i) {
    CampaignRow& row = total.rows[i];
    const CampaignRow& more = part.rows[i];
    row.exposed_runs += more.exposed_runs;
    if (more.broken_runs > 0 && (row.broken_runs == 0 || more.first_seed < row.first_seed)) {
      row.first_seed = more.first_seed;
      row.first_plan = more.first_plan;
    }
    row.broken_runs += more.broken_runs;
  }
}

Campaign empty_campaign() {
  Campaign campaign;
  campaign.rows.resize(model::invariants().size());
  return campaign;
}

Campaign run_block(const std::vector<Plan>& plans, const CampaignOptions& options, std::uint64_t first,
                   std::uint64_t last) {
  std::atomic<std::uint64_t> next{first};
  const auto workers = static_cast<std::size_t>(std::max(options.jobs, 1));
  std::vector<Campaign> parts(workers, empty_campaign());
  on_threads(workers, [&](std::size_t worker) {
    for (std::uint64_t seed = next++; seed <= last; seed = next++) {
      const Plan plan = campaign_plan(plans, seed, options.limits);
      add(parts[worker], run(plan, {}), seed, static_cast<std::size_t>(seed % plans.size()));
    }
  });
  Campaign total = empty_campaign();
  for (const Campaign& part : parts) add(total, part);
  return total;
}

}  // namespace

bool Campaign::any_broken() const {
  return std::any_of(rows.begin(), rows.end(), [](const CampaignRow& row) { return row.broken_runs > 0; });
}

Plan campaign_plan(const std::vector<Plan>& plans, std::uint64_t seed, const DrawLimits& limits) {
  return with_drawn_faults(plans[static_cast<std::size_t>(seed % plans.size())], seed, limits);
}

Campaign run_campaign(const std::vector<Plan>& plans, const CampaignOptions& options) {
  ENSURE(!plans.empty() && options.first <= options.last);
  Campaign total = empty_campaign();
  const std::uint64_t block = options.block == 0 ? options.last - options.first + 1 : options.block;
  for (std::uint64_t first = options.first;; first += block) {
    const std::uint64_t last = options.last - first < block ? options.last : first + block - 1;
    add(total, run_block(plans, options, first, last));
    if (last == options.last || (options.block != 0 && total.any_broken())) return total;
  }
}

}  // namespace sim
