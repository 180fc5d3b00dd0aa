// Planted defects of the metadata quorum: elections, what is on disk, what is committed.
#include <array>
#include <string>

#include <doctest/doctest.h>

#include "model/facts.h"
#include "tests/planted_defects.h"
#include "tests/stepped_quorum.h"

using namespace sim::test;
using model::Offset;
using model::OffsetAndEpoch;
using model::Rules;
using model::TimerKind;

namespace {

std::string role_of(SteppedMember& member) {
  return std::string(model::name_of(static_cast<model::QuorumRole>(member.memory().state.index())));
}

// One batch for each record up to there.
void grow(model::MetadataLog& log, model::LeaderEpoch epoch, Offset end) {
  while (log.end() < end) model::append(log, {log.end(), epoch, {}, {model::NoOpRecord{}}});
}

bool grants(SteppedQuorum& quorum, std::int32_t candidate, model::LeaderEpoch epoch, OffsetAndEpoch last,
            bool pre_vote = false) {
  const model::VoteRequest request{{quorum.id(candidate), 0}, {quorum.id(1), 0}, epoch, last, pre_vote};
  return quorum[1].answer_to<model::VoteResponse>(quorum.id(candidate), request).granted;
}

// Every voter says yes, none is heard of afterwards unless the test does so.
void win(SteppedMember& member) {
  auto* candidate = member.role<model::Candidate>();
  REQUIRE(candidate != nullptr);
  for (model::VoterAnswer& answer : candidate->answers) answer.vote = model::Vote::granted;
  member.with([](const model::Context&, model::Raft) { return 0; });
  REQUIRE(member.role<model::Leader>() != nullptr);
}

void append_records(SteppedMember& leader, std::int32_t records) {
  model::SmallVec<model::MetadataRecord, 1> made;
  for (std::int32_t i = 0; i < records; ++i) made.emplace_back(model::NoOpRecord{});
  leader.with([&](const model::Context& context, model::Raft raft) {
    return prepare_append(context, raft, raft.memory.epoch, made);
  });
  leader.fire(TimerKind::quorum_linger);
}

// --- elections ---

std::string candidate_with_two_of_four_votes(const Rules& rules) {
  SteppedQuorum quorum(4, rules);
  quorum.start_all();
  quorum.cut_off = {quorum.id(3), quorum.id(4)};
  quorum.fire(1, TimerKind::quorum_election);
  quorum.settle();
  return role_of(quorum[1]);
}

// Two ask in epoch 6, the second one perhaps after a restart of who is asked.
std::string votes_of_one_epoch(const Rules& rules, bool restarts) {
  SteppedQuorum quorum(3, rules);
  quorum[1].start();
  const bool first = grants(quorum, 2, 6, {0, 0});
  if (restarts) quorum[1].crash();
  if (restarts) quorum[1].start();
  const std::string epoch = std::to_string(quorum[1].memory().epoch);
  const bool second = grants(quorum, 3, 6, {0, 0});
  return "epoch " + epoch + ", " + std::to_string(first + second) + " granted";
}
std::string votes_of_one_process(const Rules& rules) { return votes_of_one_epoch(rules, false); }
std::string votes_over_a_restart(const Rules& rules) { return votes_of_one_epoch(rules, true); }

// Its own log ends at 20 in epoch 4.
std::string logs_that_get_a_vote(const Rules& rules) {
  std::string granted;
  for (const OffsetAndEpoch last :
       {OffsetAndEpoch{5, 3}, OffsetAndEpoch{4, 20}, OffsetAndEpoch{4, 19}, OffsetAndEpoch{3, 900}}) {
    SteppedQuorum quorum(3, rules);
    grow(quorum[1].disk().log, 4, 20);
    quorum[1].start();
    if (!grants(quorum, 2, 6, last)) continue;
    granted += (granted.empty() ? "" : " ") + std::to_string(last.epoch) + "/" + std::to_string(last.offset);
  }
  return granted;
}

std::string restarted_leader(const Rules& rules) {
  SteppedQuorum quorum(3, rules);
  grow(quorum[1].disk().log, 5, 4);
  quorum[1].disk().election = {5, quorum.id(1), {}};
  quorum[1].start();
  return role_of(quorum[1]);
}

std::string leader_that_nobody_fetches_from(const Rules& rules) {
  SteppedQuorum quorum(3, rules);
  quorum.start_all();
  quorum.elect(1);
  quorum.cut_off = {quorum.id(1)};
  if (quorum[1].is_armed(TimerKind::quorum_check)) quorum[1].fire(TimerKind::quorum_check);
  return role_of(quorum[1]);
}

std::string follower_of_a_silent_leader(const Rules& rules) {
  SteppedQuorum quorum(3, rules);
  quorum.start_all();
  quorum.elect(1);
  quorum[2].fire(TimerKind::quorum_fetch);
  return role_of(quorum[2]);
}

std::string pre_vote_of_a_fresh_follower(const Rules& rules) {
  SteppedQuorum quorum(3, rules);
  quorum[1].disk().election = {6, quorum.id(3), {}};
  quorum[1].start();
  REQUIRE(quorum[1].role<model::Follower>() != nullptr);
  return grants(quorum, 2, 6, {5, 30}, true) ? "granted" : "refused";
}

// --- logs ---

// Four records of an earlier epoch, of which it knows two to be committed.
std::string log_end_of_a_new_leader(const Rules& rules) {
  SteppedQuorum quorum(3, rules);
  grow(quorum[1].disk().log, 1, 4);
  quorum[1].start();
  quorum[1].memory().high_watermark = 2;
  quorum[1].fire(TimerKind::quorum_election);
  win(quorum[1]);
  return std::to_string(quorum[1].disk().log.end());
}

std::string what_a_follower_has_on_disk(const Rules& rules) {
  SteppedQuorum quorum(3, rules);
  quorum.start_all();
  quorum.elect(1);
  const model::MetadataLog& log = quorum[2].disk().log;
  return std::to_string(log.flushed) + " of " + std::to_string(log.end());
}

// A majority has the four records of epoch 1, nobody but the leader the first one of epoch 2.
std::string high_watermark_of_a_new_epoch(const Rules& rules) {
  SteppedQuorum quorum(3, rules);
  grow(quorum[1].disk().log, 1, 4);
  quorum[1].start();
  quorum[1].fire(TimerKind::quorum_election);
  win(quorum[1]);
  const model::LeaderEpoch epoch = quorum[1].memory().epoch;
  const model::QuorumFetchRequest fetch{{quorum.id(2), 0},    epoch, 4, 1, model::milliseconds(500),
                                        model::kUnknownOffset};
  quorum[1].receive({quorum.id(2), quorum.id(1), model::ChannelKind::quorum, 0, 500}, fetch);
  const Offset at = quorum[1].memory().high_watermark;
  return at == model::kUnknownOffset ? "unknown" : std::to_string(at);
}

// b2 of the quorum follows b1 in epoch 2, and its fetch is on the wire. Returns the connection.
model::ConnectionId follow(SteppedQuorum& quorum) {
  quorum[2].disk().election = {2, quorum.id(1), {}};
  quorum[2].start();
  const model::ConnectionId via = quorum[2].effects().connects.front();
  quorum[2].give(model::Connected{via});
  REQUIRE(quorum[2].all_sent<model::QuorumFetchRequest>().size() == 1);
  return via;
}
model::QuorumFetchResponse answer_of(const SteppedQuorum& quorum) {
  model::QuorumFetchResponse answer;
  answer.leader = quorum.id(1);
  answer.epoch = 2;
  return answer;
}

std::string log_end_where_it_diverges(const Rules& rules) {
  SteppedQuorum quorum(3, rules);
  grow(quorum[2].disk().log, 1, 5);
  const model::ConnectionId via = follow(quorum);
  model::QuorumFetchResponse answer = answer_of(quorum);
  answer.diverging = OffsetAndEpoch{1, 3};
  quorum[2].receive(via, answer);
  return std::to_string(quorum[2].disk().log.end());
}

// It gives its leader up, comes back to it, and then gets the answer to its first fetch.
std::string records_of_a_late_answer(const Rules& rules) {
  SteppedQuorum quorum(3, rules);
  const model::ConnectionId via = follow(quorum);
  quorum[2].fire(TimerKind::quorum_fetch);
  REQUIRE(quorum[2].role<model::Prospective>() != nullptr);
  quorum[2].fire(TimerKind::quorum_election);
  REQUIRE(quorum[2].role<model::Follower>() != nullptr);
  model::QuorumFetchResponse answer = answer_of(quorum);
  answer.records = {{0, 2, {}, {model::NoOpRecord{}}}};
  quorum[2].receive(via, answer);
  return std::to_string(quorum[2].disk().log.end()) + " taken";
}

// Its one snapshot ends at 5.
std::string log_start_after_retention(const Rules& rules) {
  SteppedQuorum quorum(1, rules);
  quorum.config.quorum.metadata_max_retention_bytes = 300;
  quorum[1].start();
  append_records(quorum[1], 4);
  model::MetadataImage image;
  image.offset = 5;
  quorum[1].with(
      [&](const model::Context& context, model::Raft raft) { return make_snapshot(context, raft, image), 0; });
  append_records(quorum[1], 4);
  append_records(quorum[1], 4);
  quorum[1].fire(TimerKind::quorum_clean);
  return std::to_string(quorum[1].disk().log.start);
}

constexpr std::array kCases{
    PlantedCase{"quorum-minority-elects", "3.9", candidate_with_two_of_four_votes, "candidate", "leader"},
    PlantedCase{"votes-twice", "3.9", votes_of_one_process, "epoch 6, 1 granted", "epoch 6, 2 granted"},
    PlantedCase{"vote-not-written", "3.9", votes_over_a_restart, "epoch 6, 1 granted", "epoch 6, 2 granted"},
    PlantedCase{"election-state-not-written", "3.9", votes_over_a_restart, "epoch 6, 1 granted", "epoch 0, 2 granted"},
    PlantedCase{"leader-drops-unconfirmed", "3.9", log_end_of_a_new_leader, "5", "3"},
    PlantedCase{"votes-for-shorter-log", "3.9", logs_that_get_a_vote, "5/3 4/20", "5/3 4/20 4/19 3/900"},
    PlantedCase{"votes-by-length-alone", "3.9", logs_that_get_a_vote, "5/3 4/20", "4/20 3/900"},
    PlantedCase{"restarted-leader-leads-on", "3.9", restarted_leader, "resigned", "leader"},
    PlantedCase{"metadata-follower-does-not-flush", "3.9", what_a_follower_has_on_disk, "1 of 1", "0 of 1"},
    PlantedCase{"commits-older-epochs", "3.9", high_watermark_of_a_new_epoch, "unknown", "4"},
    PlantedCase{"metadata-never-truncates", "3.9", log_end_where_it_diverges, "3", "5"},
    PlantedCase{"no-check-quorum", "3.9", leader_that_nobody_fetches_from, "resigned", "leader"},
    PlantedCase{"log-starts-anywhere", "3.9", log_start_after_retention, "0", "9"},
    PlantedCase{"never-gives-up-leader", "3.9", follower_of_a_silent_leader, "candidate", "follower"},
    PlantedCase{"late-answers-count", "4.0", records_of_a_late_answer, "0 taken", "1 taken"},
    PlantedCase{"pre-votes-always-refused", "4.0", pre_vote_of_a_fresh_follower, "granted", "refused"},
};

}  // namespace

std::span<const PlantedCase> sim::test::planted_quorum_cases() { return kCases; }

TEST_CASE("each planted defect of the metadata quorum elects, keeps or commits otherwise than the sound rule") {
  check_planted(kCases);
}
