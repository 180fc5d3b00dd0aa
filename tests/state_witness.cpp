#include "tests/state_witness.h"

#include <algorithm>
#include <utility>

namespace sim::test {
namespace {

template <typename F>
constexpr std::size_t kKind = model::kFactIndex<F>;

// --- forging ----------------------------------------------------------------------------------------

void alter(bool& value) { value = !value; }
template <typename T>
  requires std::is_integral_v<T>
void alter(T& value) { ++value; }
void alter(model::PartitionId& value) { value = model::PartitionId(static_cast<std::uint16_t>(index(value) ^ 1U)); }
void alter(model::TopicId& value) { value = model::TopicId(static_cast<std::uint16_t>(index(value) ^ 1U)); }
template <typename T>
  requires std::is_enum_v<T>
void alter(T& value) { value = T(static_cast<std::underlying_type_t<T>>(static_cast<int>(value) ^ 1)); }
void alter(model::Replicas& value) {
  if (value.empty()) return value.push_back(model::NodeId{1});
  value.erase(value.begin());
}
void alter(model::Duration& value) { ++value.us; }
void alter(model::Path& value) { value = value.parent(); }
void alter(model::SmallVec<model::Path, 2>& value) { value.push_back(model::Path{}); }
void alter(model::PartitionState& value) { ++value.leader_epoch; }

// Facts list their fields as constants; a forger writes over them all the same.
void alter_field(model::Fact& fact, std::size_t wanted) {
  std::visit(
      [&](auto& held) {
        std::size_t i = 0;
        const auto alter_if_wanted = [&](const auto& field) {
          if (i++ == wanted) alter(const_cast<std::remove_cvref_t<decltype(field)>&>(field));
        };
        std::apply([&](const auto&... field) { (alter_if_wanted(field), ...); }, held.fields());
      },
      fact);
}

template <std::size_t... K>
std::vector<std::string_view> names_in(std::size_t kind, std::index_sequence<K...>) {
  std::vector<std::string_view> names;
  const auto add = [&]<typename F>(const F& fact) {
    model::for_each_field(fact, [&](std::string_view name, const auto&) { names.push_back(name); });
  };
  ((kind == K ? add(std::variant_alternative_t<K, model::Fact::Alternatives>{}) : void()), ...);
  return names;
}

}  // namespace

std::vector<std::string_view> field_names(std::size_t kind) {
  return names_in(kind, std::make_index_sequence<model::kFactKinds>{});
}

const std::vector<Unshown>& unshown() {
  static const std::vector<Unshown> kUnshown{
      {kKind<model::ElectionFailed>, "", "a decision to write nothing"},
      {kKind<model::LeaderUnavailable>, "", "role and epoch stay as they are"},
      {kKind<model::ReassignmentRefused>, "", "a decision to write nothing"},
      {kKind<model::QuorumFailed>, "", "sound rules do not come to it, and the process ends with its memory"},
      {kKind<model::RegistrationRefused>, "", "what is refused changes nothing"},
      {kKind<model::RequestFenced>, "", "what is refused changes nothing"},
      {kKind<model::NotEnoughReplicas>, "", "what is refused changes nothing"},
      {kKind<model::LatestOffsetAnswered>, "", "an answer changes nothing at who gives it"},
      {kKind<model::RecordLost>, "", "told by an observer, not by a node"},
      {kKind<model::InvariantViolated>, "", "told by an observer, not by a node"},
      {kKind<model::ControlRequestApplied>, "controller", "of the request; the broker keeps its epoch only"},
      {kKind<model::ControlRequestApplied>, "broker_epoch", "of the request; the broker keeps its epoch only"},
      {kKind<model::IsrChangeRefused>, "error", "of the answer; many errors leave the change pending"},
      {kKind<model::RecordsFailed>, "outcome_unknown", "what earlier attempts came to goes with the batch"},
      {kKind<model::RecordsFailed>, "error", "without an answer it is the client's own"},
  };
  return kUnshown;
}

bool is_shown(std::size_t kind, std::string_view field) {
  return std::none_of(unshown().begin(), unshown().end(), [&](const Unshown& row) {
    return row.kind == kind && (row.field.empty() || row.field == field);
  });
}

StateWitness::StateWitness(const Plan& plan, std::optional<Forgery> forgery) : plan_(plan), forgery_(forgery) {
  const model::ClusterConfig& config = plan.config;
  for (std::size_t i = 0; config.is_kraft() && i < config.node_count(); ++i) {
    members_.emplace_back(config, model::NodeId(static_cast<std::uint8_t>(i)));
  }
  for (std::size_t i = 1; i < config.node_count(); ++i) {
    const auto id = model::NodeId(static_cast<std::uint8_t>(i));
    if (config.is_kraft()) continue;
    if (config.is_broker(id)) {
      brokers_.emplace_back(config, plan.rules, id);
    } else if (config.is_consumer(id)) {
      consumers_.emplace_back(config, plan.rules, id);
    } else {
      producers_.emplace_back(config, id);
    }
  }
}

void StateWitness::on_event(const EventView& event) {
  where_ = event.node;
  by_message_ = event.kind == EventKind::message;
  answer_.reset();
  read_.reset();
  if (!members_.empty()) return note_vote(event);
  if (plan_.config.is_consumer(event.node) && event.body != nullptr) {
    read_ = *event.body;
    from_ = event.via.server;
    return;
  }
  const auto* answer = event.body == nullptr ? nullptr : std::get_if<model::ProduceResponse>(event.body);
  if (answer == nullptr) return;
  answer_ = *answer;
  from_ = event.via.server;
  if (plan_.config.producer(event.node).acks != model::Acks::all) return;
  const BrokerLedger& leader = brokers_[static_cast<std::size_t>(event.via.server) - 1];
  for (const model::ProduceResult& entry : answer->partitions) {
    if (entry.error != model::ErrorCode::none || leader.has_acknowledged(entry.partition, entry.base_offset)) continue;
    wrong_.push_back(plan_.config.name_of(event.via.server) + ": an acknowledgement of acks=all that was not told");
  }
}

void StateWitness::note_vote(const EventView& event) {
  vote_asked_.reset();
  if (event.body == nullptr) return;
  if (const auto* asked = std::get_if<model::VoteRequest>(event.body)) vote_asked_ = *asked;
  const auto* answer = std::get_if<model::VoteResponse>(event.body);
  if (answer != nullptr) members_[static_cast<std::size_t>(event.via.server)].check_vote(event.node, *answer, wrong_);
}

void StateWitness::on_fact(Time, model::NodeId node, const model::Fact& fact) {
  teller_ = node;
  const std::size_t kind = fact.index();
  ++heard_[kind];
  if (!forgery_ || forgery_->kind != kind || forgery_->nth != heard_[kind]) {
    told_.push_back(fact);
    return;
  }
  forged_ = true;
  if (!forgery_->field) return;
  told_.push_back(fact);
  alter_field(told_.back(), *forgery_->field);
}

// A process that ends does so after this.
void StateWitness::on_step_over(Time) { check(teller_); }

void StateWitness::look() {
  if (everybody_) {
    for (std::size_t i = 0; i < plan_.config.node_count(); ++i) check(model::NodeId(static_cast<std::uint8_t>(i)));
  } else if (where_ != model::kNoNode) {
    check(where_);
  }
  everybody_ = false;
  where_ = model::kNoNode;
}

void StateWitness::check_quorum(model::NodeId node) {
  const model::Node& state = world_->nodes()[static_cast<std::size_t>(node)];
  const model::RaftDisk* disk = raft_disk_of(state);
  if (disk != nullptr) {
    const model::RaftMemory* memory = world_->is_running(node) ? member_of(state).memory : nullptr;
    members_[static_cast<std::size_t>(node)].check(*disk, memory, vote_asked_ ? &*vote_asked_ : nullptr, told_, wrong_);
    if (memory != nullptr) committed_.check(*disk, *memory, told_, wrong_);
  }
  for (const model::Fact& fact : told_) {
    if (is_of_quorum(fact)) ++compared_[fact.index()];
  }
  told_.clear();
}

void StateWitness::check(model::NodeId node) {
  if (!members_.empty()) return check_quorum(node);
  const auto& nodes = world_->nodes();
  const auto at = static_cast<std::size_t>(node);
  const bool running = world_->is_running(node);
  const auto& zookeeper = std::get<model::ZooKeeper>(nodes.front());
  if (node == model::kZooKeeper) {
    zookeeper_.check(plan_.config, zookeeper, told_, by_message_, wrong_);
  } else if (plan_.config.is_broker(node)) {
    brokers_[at - 1].check(std::get<model::Broker>(nodes[at]), running, zookeeper.disk.tree, told_, wrong_);
  } else if (plan_.config.is_consumer(node)) {
    consumers_[at - (nodes.size() - consumers_.size())].check(std::get<model::Consumer>(nodes[at]), running,
                                                              read_ ? &*read_ : nullptr, from_, told_, wrong_);
    read_.reset();
  } else {
    producers_[at - 1 - brokers_.size()].check(std::get<model::Producer>(nodes[at]), running,
                                               answer_ ? &*answer_ : nullptr, from_, told_, wrong_);
    answer_.reset();
  }
  for (const model::Fact& fact : told_) {
    if (is_shown(fact.index())) ++compared_[fact.index()];
  }
  told_.clear();
}

void compare_facts(Facts derived, const Facts& told, const std::string& who, Wrongs& wrong) {
  for (const model::Fact& fact : told) {
    const std::uint64_t hash = model::hash_of(fact);
    const auto at = std::find_if(derived.begin(), derived.end(),
                                 [&](const model::Fact& other) { return model::hash_of(other) == hash; });
    if (at == derived.end()) {
      wrong.push_back(who + ": " + std::string(name_of(fact)) + " told, and did not happen so");
    } else {
      derived.erase(at);
    }
  }
  for (const model::Fact& fact : derived) {
    wrong.push_back(who + ": " + std::string(name_of(fact)) + " happened, and was not told so");
  }
}

WitnessedRun witness(const Plan& plan, std::optional<Forgery> forgery) {
  StateWitness seen(plan, forgery);
  World world(plan, &seen);
  seen.watch(world);
  WitnessedRun run;
  while (seen.wrong().empty() && world.step()) seen.look();
  for (const std::string& line : seen.wrong()) {
    run.wrong.push_back("at " + std::to_string(world.now().us) + " us, event " + std::to_string(world.events()) + ": " +
                        line);
  }
  run.forged = seen.has_forged();
  run.compared = seen.compared();
  run.fingerprint = world.fingerprint();
  return run;
}

}  // namespace sim::test
