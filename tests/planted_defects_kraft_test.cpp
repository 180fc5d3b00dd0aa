// Planted defects of the controller above the metadata log, and of brokers in KRaft mode.
#include <array>
#include <string>

#include <doctest/doctest.h>

#include "tests/driven_controller.h"
#include "tests/kraft_broker.h"
#include "tests/planted_defects.h"

using model::ChannelKind;
using model::NodeId;
using model::Rules;
using model::test::DrivenController;
using model::test::Heartbeat;
using model::test::kB1;
using model::test::kB2;
using model::test::kB3;
using model::test::shown;
using sim::test::KraftBroker;
using sim::test::PlantedCase;

namespace {

constexpr Heartbeat kWantsFence{true, false, model::kUnknownOffset, -1};
constexpr Heartbeat kWantsShutdown{false, true, model::kUnknownOffset, -1};

// In office under the rules, five brokers unfenced.
struct Booted : DrivenController {
  explicit Booted(const Rules& by) {
    rules = by;
    boot();
  }
};
// And b1 leads t-0, whose replicas and ISR are {1,2,3}; min.insync.replicas is 2.
struct WithTopic : DrivenController {
  explicit WithTopic(const Rules& by) {
    rules = by;
    boot_with_topic();
  }
  void fence(NodeId id) { heartbeat(id, kWantsFence); }
  model::AlterPartitionRequest asking_for(const model::Replicas& isr) {
    model::AlterPartitionRequest asked;
    asked.broker = partition().leader;
    asked.broker_epoch = broker(asked.broker).broker_epoch;
    asked.partitions.push_back({model::test::kP0, partition().leader_epoch, partition().partition_epoch, isr, {}});
    for (const NodeId id : isr) asked.partitions[0].isr_epochs.push_back(broker(id).broker_epoch);
    return asked;
  }
  std::string answer_to(const model::AlterPartitionRequest& asked) {
    request(asked.broker, ChannelKind::alter_partition, asked);
    commit();
    const auto answer = take<model::AlterPartitionResponse>(asked.broker);
    REQUIRE(answer.has_value());
    REQUIRE(answer->partitions.size() == 1);
    return std::string(name_of(answer->partitions[0].error));
  }
};

std::string fenced(bool is) { return is ? "fenced" : "unfenced"; }

// --- the controller's office ---

std::string what_was_not_committed(const Rules& rules) {
  Booted driven(rules);
  driven.send_heartbeat(kB2, kWantsFence);
  driven.lose_office(2);
  return fenced(driven.broker(kB2).fenced);
}

std::string answer_before_the_commit(const Rules& rules) {
  DrivenController driven;
  driven.rules = rules;
  driven.lead(1);
  driven.commit();
  driven.request(kB1, ChannelKind::broker_lifecycle, model::BrokerRegistrationRequest{kB1, 1, -1});
  return driven.take<model::BrokerRegistrationResponse>(kB1) ? "answered" : "waits";
}

std::string what_a_standby_knows(const Rules& rules) {
  Booted driven(rules);
  driven.lose_office(2);
  driven.receive(
      {model::BrokerRegistrationChangeRecord{kB3, driven.broker(kB3).broker_epoch, model::FenceChange::fence, false}});
  return fenced(driven.broker(kB3).fenced);
}

// --- brokers ---

// Nobody is heard of since another controller is in office.
std::string silent_broker_under_a_new_controller(const Rules& rules) {
  Booted driven(rules);
  driven.lose_office(2);
  driven.advance(model::seconds(60));
  driven.lead(3);
  driven.commit();
  driven.advance(model::seconds(11));
  return fenced(driven.broker(kB1).fenced);
}

std::string broker_whose_connection_breaks(const Rules& rules) {
  Booted driven(rules);
  driven.with([](const model::ControllerContext& c) {
    on_controller_disconnected(c, {kB1, model::test::kC1, ChannelKind::broker_lifecycle, 0, 1});
  });
  return fenced(driven.broker(kB1).fenced);
}

// It has read its registration; the log has grown meanwhile.
std::string broker_that_has_read_its_registration(const Rules& rules) {
  DrivenController driven;
  driven.rules = rules;
  driven.lead(1);
  driven.commit();
  driven.register_broker(kB1, 1);
  for (int i = 0; i != 3; ++i) driven.fire({model::TimerKind::write_no_op});
  driven.commit();
  return fenced(driven.heartbeat(kB1, {false, false, driven.broker(kB1).registered_at, -1}).is_fenced);
}

std::string epoch_of_a_second_registration(const Rules& rules) {
  Booted driven(rules);
  driven.heartbeat(kB1, kWantsFence);
  const model::BrokerEpoch before = driven.broker(kB1).broker_epoch;
  return driven.register_broker(kB1, 2).broker_epoch > before ? "newer" : "the same";
}

// Its session has expired and nobody has looked since: it is registered anew before it is fenced.
std::string partition_of_a_restarted_broker(const Rules& rules) {
  WithTopic driven(rules);
  driven.now.us += model::seconds(10).us;
  REQUIRE_FALSE(driven.broker(kB1).fenced);
  REQUIRE(driven.register_broker(kB1, 2).error == model::ErrorCode::none);
  return shown(driven.partition());
}

std::string second_heartbeat_of_a_shutdown(const Rules& rules) {
  WithTopic driven(rules);
  const model::Offset before = driven.controller().stable.offset - 1;
  driven.heartbeat(kB1, kWantsShutdown);
  driven.heartbeat(kB2, {false, false, before, -1});
  return driven.heartbeat(kB1, kWantsShutdown).should_shut_down ? "may go" : "waits";
}

// --- partitions ---

std::string partition_whose_leader_is_fenced(const Rules& rules) {
  WithTopic driven(rules);
  driven.fence(kB1);
  return shown(driven.partition());
}

std::string partition_whose_isr_shrinks(const Rules& rules) {
  WithTopic driven(rules);
  driven.answer_to(driven.asking_for({kB1, kB3}));
  return shown(driven.partition());
}

// All are gone, b3 was the last one.
std::string partition_after_unfencing(const Rules& rules, NodeId back) {
  WithTopic driven(rules);
  for (const NodeId id : {kB1, kB2, kB3}) driven.fence(id);
  REQUIRE(shown(driven.partition()) == "L-1 ISR{3} le3 pe3");
  driven.heartbeat(back);
  return shown(driven.partition());
}
std::string partition_when_another_is_back(const Rules& rules) { return partition_after_unfencing(rules, kB1); }
std::string partition_when_the_last_is_back(const Rules& rules) { return partition_after_unfencing(rules, kB3); }

std::string isr_with_another_incarnation(const Rules& rules) {
  WithTopic driven(rules);
  const model::AlterPartitionRequest before = driven.asking_for({kB1, kB2, kB3});
  driven.fence(kB3);
  driven.register_broker(kB3, 2);
  driven.heartbeat(kB3);
  model::AlterPartitionRequest asked = driven.asking_for({kB1, kB2, kB3});
  asked.partitions[0].isr_epochs = before.partitions[0].isr_epochs;
  return driven.answer_to(asked);
}

std::string isr_with_a_fenced_member(const Rules& rules) {
  WithTopic driven(rules);
  driven.fence(kB3);
  return driven.answer_to(driven.asking_for({kB1, kB2, kB3}));
}

std::string isr_of_an_older_state(const Rules& rules) {
  WithTopic driven(rules);
  const model::AlterPartitionRequest asked = driven.asking_for({kB1, kB2});
  driven.answer_to(driven.asking_for({kB1, kB3}));
  return driven.answer_to(asked);
}

// b1 and b2 were the first to go.
std::string elr_when_the_isr_grows(const Rules& rules) {
  WithTopic driven(rules);
  model::PartitionRegistration state = driven.partition();
  state.leader = kB3;
  state.isr = {kB3};
  state.eligible_leader_replicas = {kB1, kB2};
  driven.set_partition(state);
  driven.answer_to(driven.asking_for({kB3, kB2}));
  return shown(driven.partition());
}

// b2's process died while it was fenced.
std::string elr_after_an_unclean_shutdown(const Rules& rules) {
  WithTopic driven(rules);
  driven.fence(kB1);
  driven.fence(kB2);
  REQUIRE(shown(driven.partition()) == "L3 ISR{3} le2 pe2 ELR{2}");
  driven.now.us += model::seconds(10).us;
  REQUIRE(driven.register_broker(kB2, 2).error == model::ErrorCode::none);
  return shown(driven.partition());
}

// --- brokers' own ---

constexpr NodeId kOne{1}, kThree{3};
constexpr model::PartitionId kP0{0};

std::string leader_under_another_controller(const Rules& rules) {
  KraftBroker broker(sim::test::kraft_config({{sim::test::kBroker, kOne, kThree}}));
  broker.rules = rules;
  broker.run();
  const model::Replicas replicas{sim::test::kBroker, kOne, kThree};
  broker.commit({model::TopicRecord{model::TopicId{0}}, model::PartitionRecord{kP0, replicas, replicas, kOne}});
  broker.commit({model::LeaderChangeRecord{sim::test::kC2, {}, {}}}, 2);
  model::PartitionChangeRecord led;
  led.partition = kP0;
  led.leader = kThree;
  led.isr = model::Replicas{kThree};
  broker.commit({led}, 2);
  return "b" + std::to_string(number(broker.partition().leader));
}

// Of its replica the log says nothing yet as far as it has read.
std::string replica_before_the_log_is_read(const Rules& rules) {
  KraftBroker broker(sim::test::kraft_config({{sim::test::kBroker, kOne}}));
  broker.rules = rules;
  broker->disk.partitions[0].created = true;
  model::append(broker.log(), model::Batch{0, 5, 0, 0, -1, -1, NodeId{9}});
  broker.come_up();
  broker.commit({model::NoOpRecord{}});
  return broker.told<model::ReplicaDeleted>().empty() ? "kept" : "deleted";
}

constexpr std::array kCases{
    PlantedCase{"keeps-uncommitted-on-renounce", "3.9", what_was_not_committed, "unfenced", "fenced"},
    PlantedCase{"answers-before-commit", "3.9", answer_before_the_commit, "waits", "answered"},
    PlantedCase{"standby-skips-records", "3.9", what_a_standby_knows, "fenced", "unfenced"},
    PlantedCase{"contacts-not-seeded", "3.9", silent_broker_under_a_new_controller, "fenced", "unfenced"},
    PlantedCase{"contacts-not-seeded", "4.0", silent_broker_under_a_new_controller, "fenced", "unfenced"},
    PlantedCase{"fences-with-connection", "3.9", broker_whose_connection_breaks, "unfenced", "fenced"},
    PlantedCase{"unfences-at-log-end-only", "3.9", broker_that_has_read_its_registration, "unfenced", "fenced"},
    PlantedCase{"broker-epoch-reused", "3.9", epoch_of_a_second_registration, "newer", "the same"},
    PlantedCase{"restarted-broker-stays-in-isr", "4.0", partition_of_a_restarted_broker, "L2 ISR{2,3} le1 pe1",
                "L1 ISR{1,2,3} le0 pe0"},
    PlantedCase{"fenced-broker-stays-in-isr", "3.9", partition_whose_leader_is_fenced, "L2 ISR{2,3} le1 pe1",
                "L2 ISR{1,2,3} le1 pe1"},
    PlantedCase{"isr-removal-bumps-leader-epoch", "3.9", partition_whose_isr_shrinks, "L1 ISR{1,3} le0 pe1",
                "L1 ISR{1,3} le1 pe1"},
    PlantedCase{"kraft-election-keeps-leader-epoch", "3.9", partition_whose_leader_is_fenced, "L2 ISR{2,3} le1 pe1",
                "L2 ISR{2,3} le0 pe1"},
    PlantedCase{"kraft-election-outside-isr", "3.9", partition_when_another_is_back, "L-1 ISR{3} le3 pe3",
                "L1 ISR{1} le4 pe4 RECOVERING"},
    PlantedCase{"unfencing-elects-nobody", "3.9", partition_when_the_last_is_back, "L3 ISR{3} le4 pe4",
                "L-1 ISR{3} le3 pe3"},
    PlantedCase{"isr-without-broker-epochs", "3.9", isr_with_another_incarnation, "ineligible_replica", "none"},
    PlantedCase{"isr-admits-inactive", "3.9", isr_with_a_fenced_member, "ineligible_replica", "none"},
    PlantedCase{"partition-epoch-unchecked", "3.9", isr_of_an_older_state, "invalid_update_version", "none"},
    PlantedCase{"elr-kept", "4.0", elr_when_the_isr_grows, "L3 ISR{3,2} le0 pe1", "L3 ISR{3,2} le0 pe1 ELR{1}"},
    PlantedCase{"elr-survives-unclean-shutdown", "4.0", elr_after_an_unclean_shutdown, "L3 ISR{3} le2 pe3",
                "L3 ISR{3} le2 pe2 ELR{2}"},
    PlantedCase{"broker-stops-reading", "3.9", leader_under_another_controller, "b3", "b1"},
    PlantedCase{"publishes-at-once", "3.9", replica_before_the_log_is_read, "kept", "deleted"},
    PlantedCase{"controlled-shutdown-at-once", "3.9", second_heartbeat_of_a_shutdown, "waits", "may go"},
};

}  // namespace

std::span<const PlantedCase> sim::test::planted_kraft_cases() { return kCases; }

TEST_CASE("each planted defect of KRaft mode decides otherwise than the sound rule, at the controller or a broker") {
  sim::test::check_planted(kCases);
}
