#include "reports/page_trace.h"

#include "reports/fault_words.h"

namespace reports {
namespace {

std::int64_t index_of(model::NodeId node) { return node == model::kNoNode ? -1 : static_cast<std::int64_t>(node); }

}  // namespace

PageTrace::PageTrace(const sim::Plan& plan)
    : plan_(plan),
      line_(written_, plan.config),
      row_details_(shapes_),
      fact_details_(shapes_),
      state_(plan.config, texts_) {}

void PageTrace::begin(const sim::World& world) {
  world_ = &world;
  for (std::size_t i = 0; i < plan_.config.node_count(); ++i)
    touched_.push_back(model::NodeId(static_cast<std::uint8_t>(i)));
  is_cluster_due_ = true;
  look();
}

void PageTrace::finish() {
  for (std::size_t i = 0; i < plan_.config.node_count(); ++i)
    touched_.push_back(model::NodeId(static_cast<std::uint8_t>(i)));
  is_cluster_due_ = true;
  look();
  world_ = nullptr;
}

// A row is told before its step: what it has changed shows when the next one is.
void PageTrace::look() {
  for (const model::NodeId node : touched_) state_.sample_node(*world_, node, last_row());
  touched_.clear();
  if (is_cluster_due_) state_.sample_cluster(*world_, last_row());
  is_cluster_due_ = false;
}

void PageTrace::add_row(sim::Time at, std::int64_t kind, model::NodeId node, model::NodeId peer,
                        std::string_view what) {
  look();
  rows_.at_us.push_back(at.us);
  rows_.kind.push_back(kind);
  rows_.node.push_back(index_of(node));
  rows_.peer.push_back(index_of(peer));
  rows_.what.push_back(texts_.number_of(what));
}

void PageTrace::add_cause(sim::Cause cause) {
  // Events and faults are numbered from 1, as they are told.
  std::int64_t began = -1;
  if (cause.is_event() && cause.event() < event_rows_.size()) began = event_rows_[cause.event()];
  if (cause.is_fault() && cause.fault() <= faults_.size()) began = faults_[cause.fault() - 1].row;
  rows_.back.push_back(began < 0 ? 0 : last_row() - began);
}

std::int64_t PageTrace::via_of(const model::ConnectionId& via) {
  const auto found = connections_.find(via);
  if (found != connections_.end()) return found->second;
  written_.clear();
  line_.begin_object();
  line_.member("v", via);
  line_.flush();
  // Between {"v":" and the last quote.
  const std::int64_t number = texts_.number_of(std::string_view(written_).substr(6, written_.size() - 7));
  return connections_.emplace(via, number).first->second;
}

template <typename Write>
void PageTrace::add_details(ShapeColumn& column, Write write) {
  written_.clear();
  line_.begin_object();
  write();
  line_.put("}");
  line_.flush();
  column.add(written_);
}

void PageTrace::on_event(const sim::EventView& event) {
  std::string_view what;
  switch (event.kind) {
    case sim::EventKind::message:
      what = model::name_of(*event.body);
      break;
    case sim::EventKind::timer:
      what = model::name_of(event.timer.kind);
      break;
    case sim::EventKind::connected:
      what = "connected";
      break;
    case sim::EventKind::disconnected:
      what = "disconnected";
      break;
    case sim::EventKind::started:
      what = "started";
      break;
    case sim::EventKind::act:
      what = "act of an operator";
      break;
  }
  add_row(event.at, static_cast<std::int64_t>(event.kind), event.node, event.peer, what);
  add_cause(event.cause);
  event_rows_.resize(event.number, -1);
  event_rows_.push_back(last_row());
  rows_.via.push_back(event.peer == model::kNoNode ? -1 : via_of(event.via));
  add_details(row_details_, [&] {
    if (event.body != nullptr) line_.body(*event.body);
    if (event.kind == sim::EventKind::timer) line_.member("about", event.timer.about);
  });
  touched_.push_back(event.node);
}

void PageTrace::on_fact(sim::Time, model::NodeId node, const model::Fact& fact) {
  facts_.row.push_back(last_row());
  facts_.node.push_back(index_of(node));
  facts_.what.push_back(texts_.number_of(model::name_of(fact)));
  add_details(fact_details_, [&] { line_.fact(fact); });
  state_.on_fact(node, fact);
}

void PageTrace::on_fault(const sim::AppliedFault& applied) {
  const std::vector<model::NodeId>& subject = applied.who.empty() ? applied.from : applied.who;
  add_row(applied.at, applied.undo ? kUndo : kFault, subject.empty() ? model::kNoNode : subject.front(), model::kNoNode,
          fault_text(plan_, applied));
  add_cause(applied.cause);
  rows_.via.push_back(-1);
  add_details(row_details_, [] {});
  faults_.push_back({last_row(), applied});
  for (const std::vector<model::NodeId>* nodes : {&applied.who, &applied.from, &applied.to}) {
    touched_.insert(touched_.end(), nodes->begin(), nodes->end());
  }
}

std::uint64_t watch(const sim::Plan& plan, PageTrace& trace) {
  sim::World world(plan, &trace);
  trace.begin(world);
  world.run();
  trace.finish();
  return world.fingerprint();
}

}  // namespace reports
