#include "sim/search/divergence.h"

#include <algorithm>
#include <map>
#include <string>

#include "model/text.h"
#include "sim/kernel/world.h"
#include "sim/search/slice.h"

namespace sim {
namespace {

class Digester final : public Observer {
 public:
  bool wants_events() const override { return true; }
  void on_event(const EventView& event) override {
    model::Hasher hasher;
    hash_append(hasher, event);
    digests.push_back({hasher.value(), 0});
    nodes.push_back(event.node);
  }
  std::vector<StepDigest> digests;
  std::vector<model::NodeId> nodes;
};

// By node: places of its notable facts, and each as text without what counts transactions.
struct NodeStory {
  std::vector<std::size_t> facts;
  std::vector<std::string> texts;
};

std::map<model::NodeId, NodeStory> stories_of(const Plan& plan, const CausalRun& run) {
  std::map<model::NodeId, NodeStory> stories;
  for (std::size_t i = 0; i < run.outcome.facts.size(); ++i) {
    const RecordedFact& told = run.outcome.facts[i];
    // What is not cut is told of the partitions in any order.
    if (is_routine(told.fact) || cuts_nothing(told.fact)) continue;
    std::string text(model::name_of(told.fact));
    for (const model::FieldText& field : model::fields_of(told.fact, plan.config)) {
      const bool counts = field.name == "zxid" || field.name == "session" || field.name == "offset" ||
                          field.name.find("offset") != std::string_view::npos ||
                          field.name.find("high_watermark") != std::string_view::npos;
      if (!counts) text += " " + field.text;
    }
    NodeStory& story = stories[told.node];
    story.facts.push_back(i);
    story.texts.push_back(std::move(text));
  }
  return stories;
}

}  // namespace

std::vector<StepDigest> digests_of(const Plan& plan) {
  Digester digester;
  World world(plan, &digester);
  std::size_t seen = 0;
  const auto fold = [&] {
    for (; seen < digester.digests.size(); ++seen) {
      const auto node = static_cast<std::size_t>(digester.nodes[seen]);
      digester.digests[seen].after = model::fingerprint(world.nodes()[node]);
    }
  };
  while (world.step()) fold();
  fold();
  return std::move(digester.digests);
}

Divergence divergence_of(const std::vector<StepDigest>& a, const std::vector<StepDigest>& b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (a[i].event != b[i].event) return {i + 1, false};
    if (a[i].after != b[i].after) return {i + 1, true};
  }
  return a.size() == b.size() ? Divergence{} : Divergence{common + 1, false};
}

std::vector<model::Node> nodes_at(const Plan& plan, std::uint64_t event, bool after) {
  World world(plan);
  const std::uint64_t events = after ? event : event - 1;
  while (world.events() < events && world.step()) {
  }
  return world.nodes();
}

StoryParting story_parting(const Plan& plan, const CausalRun& a, const CausalRun& b) {
  const auto in_a = stories_of(plan, a), in_b = stories_of(plan, b);
  StoryParting first;
  Time when{INT64_MAX};
  for (std::size_t n = 0; n < plan.config.node_count(); ++n) {
    const auto node = model::NodeId(static_cast<std::uint8_t>(n));
    static const NodeStory kSilent;
    const NodeStory& one = in_a.contains(node) ? in_a.at(node) : kSilent;
    const NodeStory& two = in_b.contains(node) ? in_b.at(node) : kSilent;
    std::size_t i = 0;
    while (i < one.texts.size() && i < two.texts.size() && one.texts[i] == two.texts[i]) ++i;
    StoryParting parting;
    Time at{INT64_MAX};
    if (i < one.facts.size()) parting.a = one.facts[i], at = a.outcome.facts[one.facts[i]].at;
    if (i < two.facts.size()) parting.b = two.facts[i], at = std::min(at, b.outcome.facts[two.facts[i]].at);
    if (at >= when) continue;
    when = at;
    first = parting;
  }
  return first;
}

}  // namespace sim
