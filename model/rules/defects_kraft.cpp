// Defects of the controller above the metadata log, and of brokers in KRaft mode. Most of them were Kafka's own once.
#include <array>

#include "model/rules/defects.h"

namespace model {
namespace {

constexpr std::array kDefects{
    Defect{"keeps-uncommitted-on-renounce",
           "A controller that leaves office keeps what was never committed (before KAFKA-13100).",
           [](Rules& rules) { rules.kraft.renouncing_reverts = false; }},
    Defect{"answers-before-commit", "The controller answers before its records are committed.",
           [](Rules& rules) { rules.kraft.answers_wait_for_commit = false; }},
    Defect{"standby-skips-records", "A controller that stands by does not follow who is fenced.",
           [](Rules& rules) { rules.kraft.standby_reads_everything = false; }},
    Defect{"contacts-not-seeded",
           "A new controller knows nothing of brokers that it has not heard from: one that is gone is never fenced "
           "(before KAFKA-18138).",
           [](Rules& rules) { rules.kraft.contacts_are_seeded = false; }},
    Defect{"fences-with-connection", "A broker is fenced as soon as its connection to the controller breaks.",
           [](Rules& rules) { rules.kraft.session_outlives_connection = false; }},
    Defect{"unfences-at-log-end-only",
           "A broker is unfenced only when it has read the whole log, which grows as it reads (before KAFKA-13955).",
           [](Rules& rules) {
             rules.kraft.has_caught_up = [](Offset reported, Offset, Offset log_end) { return reported >= log_end; };
           }},
    Defect{"broker-epoch-reused", "A broker that registers again gets the broker epoch that it had.",
           [](Rules& rules) { rules.kraft.new_registration_has_new_epoch = false; }},
    Defect{"restarted-broker-stays-in-isr",
           "A broker that comes back before it is fenced stays in its ISRs (before KAFKA-18106).",
           [](Rules& rules) { rules.kraft.new_incarnation_leaves_isr = false; }},
    Defect{"fenced-broker-stays-in-isr", "The controller fences a broker and leaves it in its ISRs.",
           [](Rules& rules) { rules.kraft.fenced_broker_leaves_isr = false; }},
    Defect{"isr-removal-bumps-leader-epoch",
           "Every removal from an ISR begins a new leader epoch (before metadata version 3.6, KAFKA-15021).",
           [](Rules& rules) { rules.kraft.isr_shrink_bumps_leader_epoch = true; }},
    Defect{"kraft-election-keeps-leader-epoch", "A new leader leads in the leader epoch of the one before.",
           [](Rules& rules) { rules.kraft.election_bumps_leader_epoch = false; }},
    Defect{"kraft-election-outside-isr", "The controller elects any active replica, in the ISR or not.",
           [](Rules& rules) { rules.kraft.elects_from_isr_only = false; }},
    Defect{"unfencing-elects-nobody", "A broker that comes back leads nothing that has no leader.",
           [](Rules& rules) { rules.kraft.unfencing_elects = false; }},
    Defect{"isr-without-broker-epochs",
           "An ISR admits a broker that is not the one which had caught up (before KIP-903).",
           [](Rules& rules) { rules.kraft.isr_names_broker_epochs = false; }},
    Defect{"isr-admits-inactive", "An ISR admits brokers that are fenced or shutting down (before KIP-841).",
           [](Rules& rules) {
             rules.kraft.isr_admits_only_active = false;
             rules.isr_admits_only_live = false;
           }},
    Defect{"partition-epoch-unchecked", "The controller takes a change of an ISR that was made to an older state.",
           [](Rules& rules) { rules.kraft.checks_partition_epoch = false; }},
    Defect{"elr-kept", "Replicas stay eligible although the ISR has min.insync.replicas members again.",
           [](Rules& rules) { rules.kraft.elr_ends_with_min_isr = false; }},
    Defect{"elr-survives-unclean-shutdown", "A replica stays eligible although its broker was not shut down cleanly.",
           [](Rules& rules) { rules.kraft.uncleanly_shut_down_leave_elr = false; }},
    Defect{"broker-stops-reading", "A broker stops reading the metadata log when another controller leads.",
           [](Rules& rules) { rules.kraft.loader_survives_leader_change = false; }},
    Defect{"publishes-at-once", "A broker acts on metadata before it has caught up with the log.",
           [](Rules& rules) { rules.kraft.publishes_after_catch_up = false; }},
    Defect{"controlled-shutdown-at-once", "A broker may go before others know of the leaders that take its place.",
           [](Rules& rules) { rules.kraft.shutdown_waits_for_others = false; }},
};

}  // namespace

std::span<const Defect> kraft_defects() { return kDefects; }

}  // namespace model
