// Why acknowledged records may be missing, as a global observer tells it.
#include <doctest/doctest.h>

#include "tests/told_by_hand.h"

using namespace model;
using namespace model::test;

TEST_CASE("a record of acks=all that a clean leader lacks is lost without a reason, and told once") {
  ToldByHand told;
  told.elect(kB1, 0, {kB1, kB2});
  told.append_to({kB1}, 0, kAll, 0, 10);
  told.append_to({kB2}, 0, kAll, 0, 7);
  told.acknowledge(kAll, 0, 10);
  CHECK(told.lost.empty());
  told.elect(kB2, 1, {kB2});
  const RecordLost lost = only(told);
  CHECK(lost.reason == LossReason::none);
  CHECK(lost.producer == kAll);
  CHECK(lost.first_value == 7);
  CHECK(lost.count == 3);
  observe_end(told.history, told.view(), told.lost);
  CHECK(told.lost.size() == 1);
}

TEST_CASE("a record of acks=1 that the next leader lacks is lost by design; acks=0 promised nothing") {
  ToldByHand told;
  told.elect(kB1, 0, {kB1, kB2});
  told.append_to({kB1}, 0, kLeader, 0, 5);
  told.append_to({kB1}, 0, kNobody, 0, 5);
  told.acknowledge(kLeader, 0, 5);
  told.acknowledge(kNobody, 0, 5);
  told.elect(kB2, 1, {kB2});
  const RecordLost lost = only(told);
  CHECK(lost.producer == kLeader);
  CHECK(lost.reason == LossReason::acks);
  CHECK(lost.acks == 1);
}

TEST_CASE("an unclean election that the topic allows takes committed records away by design") {
  ToldByHand told(true);
  told.elect(kB1, 0, {kB1, kB2});
  told.append_to({kB1, kB2}, 0, kAll, 0, 10);
  told.append_to({kB3}, 0, kAll, 0, 4);
  told.move_high_watermark(kB1, 10);
  told.acknowledge(kAll, 0, 10);
  told.store(kB3, 1, {kB3});
  CHECK(told.past().loss == LossReason::unclean_election);
  CHECK(told.past().committed.end() == 10);  // until its leader acts
  told.lead(kB3, 1);
  const RecordLost lost = only(told);
  CHECK(lost.reason == LossReason::unclean_election);
  CHECK(lost.first_value == 4);
  CHECK(lost.count == 6);
  CHECK(told.past().committed.end() == 4);
  CHECK(told.past().committed_values.front() == 4);
  CHECK(told.past().loss == LossReason::none);
  CHECK(told.past().loss_epoch == 1);
}

TEST_CASE("what a leader acknowledges after an unclean election has deposed it is lost by the same design") {
  for (const bool unclean : {true, false}) {
    ToldByHand told(unclean);
    told.commit_ten();
    told.store(kB1, 0, {kB1});
    told.elect(kB2, 1, {kB2});
    told.answer_alone(kB1, 10, 5);
    CHECK(only(told).reason == (unclean ? LossReason::unclean_election : LossReason::none));
    CHECK(only(told).first_value == 10);
    CHECK(only(told).count == 5);
  }
}

TEST_CASE(
    "a leader that was told of a reassignment's target alone waits for nobody else, and they may still be elected") {
  for (const bool told_early : {true, false}) {
    ToldByHand told;
    told.commit_ten();
    told.broker(kB1).memory.partitions.front().replicas = told_early ? Replicas{kB1, kB3} : Replicas{kB1, kB2, kB3};
    told.elect(kB1, 1, {kB1, kB2, kB3});
    told.append_to({kB1, kB3}, 1, kAll, 10, 5);
    told.move_high_watermark(kB1, 15);
    told.acknowledge(kAll, 10, 5);
    told.elect(kB2, 2, {kB2, kB3});
    CHECK(only(told).reason == (told_early ? LossReason::reassignment : LossReason::none));
    CHECK(only(told).first_value == 10);
  }
}

TEST_CASE("a replica that a reassignment deleted and the next one brings back begins with nothing") {
  ToldByHand told;
  told.commit_ten();
  told.store(kB1, 0, {kB2});
  truncate(told.log(kB2), 0);
  told.tell(kB2, ReplicaDeleted{kT0, 0, 10});
  told.elect(kB2, 1, {kB2});
  CHECK(only(told).reason == LossReason::reassignment);
  CHECK(only(told).count == 10);
}

TEST_CASE("between an unclean election and its leader's first act nothing is committed") {
  ToldByHand told(true);
  told.elect(kB1, 0, {kB1});
  told.append_to({kB1}, 0, kAll, 0, 10);
  told.move_high_watermark(kB1, 5);
  told.append_to({kB2}, 1, kAll, 20, 8);
  told.store(kB2, 1, {kB2});
  told.take_role(kB2, 1);
  told.move_high_watermark(kB2, 8);
  CHECK(told.past().committed.end() == 5);
}

TEST_CASE("an operator who asks for an unclean election excuses the next one, and no other") {
  ToldByHand told;
  told.commit_ten();
  told.store(kB1, 0, {kB1});
  truncate(told.log(kB2), 8);
  truncate(told.log(kB3), 5);
  told.tell(kB2, Truncated{kT0, 10, 8, 0});
  told.tell(kB3, Truncated{kT0, 10, 5, 0});
  observe_unclean_request(told.history, kT0);
  told.elect(kB2, 1, {kB2});
  CHECK(only(told).reason == LossReason::unclean_election);
  told.lost.clear();
  told.elect(kB3, 2, {kB3});
  const RecordLost lost = only(told);
  CHECK(lost.reason == LossReason::none);
  CHECK(lost.first_value == 5);
  CHECK(lost.count == 3);
}

TEST_CASE("an election from outside the ISR that nobody allowed excuses nothing") {
  ToldByHand told;
  told.elect(kB1, 0, {kB1});
  told.append_to({kB1}, 0, kAll, 0, 10);
  told.acknowledge(kAll, 0, 10);
  told.elect(kB2, 1, {kB2});
  CHECK(only(told).reason == LossReason::none);
  CHECK(told.past().loss_epoch == kNoEpoch);
}

TEST_CASE("the last copy lost with its machine is lost by design") {
  ToldByHand told;
  told.commit_ten();
  for (const NodeId id : {kB1, kB2, kB3}) told.lose_log(id, id == kB1 ? 3 : 6);
  CHECK(told.lost.empty());  // nobody leads
  told.elect(kB2, 1, {kB2});
  const RecordLost lost = only(told);
  CHECK(lost.reason == LossReason::power_loss);
  CHECK(lost.first_value == 6);
  CHECK(lost.count == 4);
  CHECK(told.past().committed.end() == 6);
}

TEST_CASE("a machine's loss does not excuse an election while a member that holds the records could lead") {
  ToldByHand told;
  told.commit_ten();
  told.lose_log(kB2, 6);
  told.notice(kB2);
  told.elect(kB2, 1, {kB1, kB2, kB3});
  CHECK(only(told).reason == LossReason::none);
  CHECK(told.past().committed.end() == 10);
}

TEST_CASE("nobody can help it when no controller has seen that broker go") {
  ToldByHand told;
  told.commit_ten();
  told.notice(kB2);
  told.lose_log(kB2, 6);
  told.elect(kB2, 1, {kB1, kB2, kB3});
  CHECK(only(told).reason == LossReason::power_loss);
}

TEST_CASE("it does when that member is not registered, or when the controller came after the loss") {
  ToldByHand gone;
  gone.commit_ten();
  gone.store(kB1, 0, {kB1, kB2});
  gone.lose_log(kB2, 6);
  gone.notice(kB2);
  gone.tell(kZooKeeper, BrokerUnregistered{30, kB1});
  gone.elect(kB2, 1, {kB2});
  CHECK(only(gone).reason == LossReason::power_loss);

  ToldByHand late;
  late.commit_ten();
  late.lose_log(kB2, 6);
  late.notice(kB2);
  late.store(kB2, 1, {kB1, kB2, kB3}, 2);
  late.lead(kB2, 1);
  CHECK(only(late).reason == LossReason::power_loss);

  // Whoever is being shut down leads nowhere any more.
  ToldByHand leaving;
  leaving.commit_ten();
  leaving.lose_log(kB2, 6);
  leaving.notice(kB2);
  leaving.broker(kB1).memory.phase = leaving.broker(kB3).memory.phase = BrokerPhase::stopping;
  leaving.elect(kB2, 1, {kB2});
  CHECK(only(leaving).reason == LossReason::power_loss);
}

TEST_CASE("before KIP-497 a leader that never learnt what it had written commits without a member of the ISR") {
  const auto lose_answer = [](ToldByHand& told) {
    told.commit_ten();
    told.store(kB1, 0, {kB1});
    told.tell(kB1, IsrExpandProposed{kT0, {kB1}, {kB1, kB2}});
    told.store(kB1, 0, {kB1, kB2});
    told.tell(kB1, IsrChangeRefused{kT0, ErrorCode::invalid_update_version});
    told.append_to({kB1}, 0, kAll, 10, 5);
    told.move_high_watermark(kB1, 15);
    told.acknowledge(kAll, 10, 5);
  };
  ToldByHand old;
  old.rules = *find_profile("2.6")->rules;
  lose_answer(old);
  CHECK(old.replica(kB1).unaware_of_isr);
  old.elect(kB2, 1, {kB2});
  CHECK(only(old).reason == LossReason::lost_isr_write);
  CHECK(only(old).first_value == 10);

  ToldByHand refused;
  refused.rules = *find_profile("2.6")->rules;
  refused.commit_ten();
  refused.tell(kB1, IsrExpandProposed{kT0, {kB1}, {kB1, kB2}});
  refused.tell(kB1, IsrChangeRefused{kT0, ErrorCode::invalid_update_version});
  CHECK_FALSE(refused.replica(kB1).unaware_of_isr);

  // Deposed before it learnt anything: what it still acknowledges is lost for the same reason.
  ToldByHand deposed;
  deposed.rules = *find_profile("2.6")->rules;
  deposed.commit_ten();
  deposed.store(kB1, 0, {kB1});
  deposed.tell(kB1, IsrExpandProposed{kT0, {kB1}, {kB1, kB2}});
  deposed.store(kB1, 0, {kB1, kB2});
  deposed.elect(kB2, 1, {kB2});
  deposed.tell(kB1, IsrChangeRefused{kT0, ErrorCode::invalid_update_version});
  deposed.answer_alone(kB1, 10, 5);
  CHECK(only(deposed).reason == LossReason::lost_isr_write);

  // The controller's answer can be lost as well, but then the leader waits for the larger ISR.
  ToldByHand now;
  lose_answer(now);
  CHECK_FALSE(now.replica(kB1).unaware_of_isr);
  now.elect(kB2, 1, {kB2});
  CHECK(only(now).reason == LossReason::none);
}

TEST_CASE("a leader that comes back without its records before anybody noticed leads on, and loses by design") {
  ToldByHand told;
  told.commit_ten();
  told.lose_log(kB1, 2);
  observe_start(told.history, kB1);
  told.lead(kB1, 0);
  CHECK(only(told).reason == LossReason::power_loss);
  CHECK(told.past().reused_epoch == 0);
  CHECK(told.past().committed.end() == 2);

  // Its followers hold the old record at offset 2 and cannot tell it from the new one.
  told.append_to({kB1}, 0, kAll, 10, 1);
  told.acknowledge(kAll, 10, 1);
  told.lost.clear();
  told.elect(kB2, 1, {kB2, kB3});
  CHECK(only(told).reason == LossReason::power_loss);
  CHECK(only(told).first_value == 10);
}

TEST_CASE("so it does if only the epoch has passed while it was away, as when a member leaves the ISR") {
  ToldByHand told;
  told.commit_ten();
  told.lose_log(kB1, 6);
  told.elect(kB1, 1, {kB1, kB2});
  CHECK(only(told).reason == LossReason::power_loss);

  ToldByHand elected;
  elected.commit_ten();
  elected.lose_log(kB1, 6);
  elected.notice(kB1);
  elected.store(kNoNode, 1, {kB1, kB2});
  elected.elect(kB1, 2, {kB1, kB2});
  CHECK(only(elected).reason == LossReason::none);
}

TEST_CASE("what a machine lost is missed until the replica holds as much again") {
  ToldByHand told;
  told.commit_ten();
  CHECK_FALSE(misses_what_it_lost(told.view(), kT0, kB2));
  told.lose_log(kB2, 6);
  CHECK(misses_what_it_lost(told.view(), kT0, kB2));
  told.append_to({kB2}, 0, kAll, 6, 2);
  CHECK(misses_what_it_lost(told.view(), kT0, kB2));
  told.append_to({kB2}, 0, kAll, 8, 2);
  CHECK_FALSE(misses_what_it_lost(told.view(), kT0, kB2));
  // From here on a shorter log is nobody's excuse.
  truncate(told.log(kB2), 7);
  told.tell(kB2, Truncated{kT0, 10, 7, 0});
  CHECK_FALSE(misses_what_it_lost(told.view(), kT0, kB2));
}

TEST_CASE("a leader that cuts acknowledged records off loses them at once") {
  ToldByHand told;
  told.commit_ten();
  truncate(told.log(kB1), 9);
  told.tell(kB1, Truncated{kT0, 10, 9, 0});
  CHECK(only(told).first_value == 9);
}

TEST_CASE("what nobody has looked at since is found missing at the end of the run") {
  ToldByHand told;
  told.commit_ten();
  told.acknowledge(kAll, 10, 2);
  CHECK(told.lost.empty());
  observe_end(told.history, told.view(), told.lost);
  CHECK(only(told).first_value == 10);
  CHECK(only(told).count == 2);
}
