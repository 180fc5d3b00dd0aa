// Defects that do no harm but keep something from ever happening.
#include <array>

#include "model/rules/defects.h"

namespace model {
namespace {

constexpr std::array kDefects{
    Defect{"vacancy-ignored", "No broker runs for controller when /controller is deleted.",
           [](Rules& rules) { rules.brokers_run_for_vacancy = false; }},
    Defect{"broker-failure-ignored", "A controller does not elect leaders for the partitions of a broker that died.",
           [](Rules& rules) { rules.broker_failure_elects = false; }},
    Defect{"never-rejoins-isr", "A replica that left the ISR never comes back, however caught up it is.",
           [](Rules& rules) { rules.may_join_isr = [](const Partition&, const Remote&, bool) { return false; }; }},
    Defect{"alter-partition-not-retried", "A leader waits for ever for an answer to AlterPartition that was lost.",
           [](Rules& rules) { rules.lost_alter_partition = LostAnswer::forgotten; }},
    Defect{"stopped-replica-fetcher", "A follower does not begin to fetch from another leader than before.",
           [](Rules& rules) { rules.follower_fetches_from_new_leader = false; }},
    Defect{"delivery-never-times-out", "A producer never gives a record up.",
           [](Rules& rules) { rules.deliveries_time_out = false; }},
    Defect{"produce-never-times-out", "A producer waits for ever for an answer and never gives a record up.",
           [](Rules& rules) {
             rules.requests_time_out = false;
             rules.deliveries_time_out = false;
           }},
    Defect{"no-preferred-election", "The rebalance finds what leaders should move and moves none.",
           [](Rules& rules) { rules.rebalance_elects_preferred = false; }},
    Defect{"reassignment-not-resumed", "A new controller does not go on with the reassignments of the one before it.",
           [](Rules& rules) { rules.failover_resumes_reassignments = false; }},
    Defect{"isr-notifications-kept", "A controller leaves the notifications of ISR changes that it has read.",
           [](Rules& rules) { rules.isr_notifications_are_deleted = false; }},
};

}  // namespace

std::span<const Defect> liveness_defects() { return kDefects; }

}  // namespace model
