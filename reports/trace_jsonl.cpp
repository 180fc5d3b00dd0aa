#include "reports/trace_jsonl.h"

#include "reports/fault_words.h"
#include "reports/trace_line.h"
#include "reports/words.h"

namespace reports {

class TraceWriter::Line : public TraceLine {
 public:
  using TraceLine::TraceLine;
};

TraceWriter::TraceWriter(std::FILE* file, const sim::Plan& plan)
    : line_(std::make_unique<Line>(file, plan.config)), plan_(plan) {}
TraceWriter::~TraceWriter() { line_->flush(); }
bool TraceWriter::finish() { return line_->flush(); }

namespace {

void begin(TraceLine& line, std::uint64_t number, sim::Time at) {
  line.begin_object();
  line.member("n", number);
  line.member("t_us", at.us);
}

void put_names(TraceLine& line, std::string_view name, const std::vector<model::NodeId>& nodes) {
  line.key(name);
  line.put("[");
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i != 0) line.put(",");
    line.put_json_string(line.config().name_of(nodes[i]));
  }
  line.put("]");
}

}  // namespace

void TraceWriter::on_event(const sim::EventView& event) {
  number_ = event.number;
  TraceLine& line = *line_;
  begin(line, number_, event.at);
  line.member("node", event.node);
  switch (event.kind) {
    case sim::EventKind::message:
      line.member("event", "message");
      line.member("peer", event.peer);
      line.member("via", event.via);
      line.member("type", model::name_of(*event.body));
      line.body(*event.body);
      break;
    case sim::EventKind::timer:
      line.member("event", "timer");
      line.member("timer", model::name_of(event.timer.kind));
      line.member("about", event.timer.about);
      break;
    case sim::EventKind::connected:
    case sim::EventKind::disconnected:
      line.member("event", event.kind == sim::EventKind::connected ? "connected" : "disconnected");
      line.member("peer", event.peer);
      line.member("via", event.via);
      break;
    case sim::EventKind::started:
      line.member("event", "started");
      break;
    case sim::EventKind::act:
      line.member("event", "act");
      break;
  }
  line.put("}\n");
}

void TraceWriter::on_fact(sim::Time at, model::NodeId node, const model::Fact& fact) {
  TraceLine& line = *line_;
  begin(line, number_, at);
  line.member("node", node);
  line.member("event", "fact");
  line.member("fact", model::name_of(fact));
  line.fact(fact);
  line.put("}\n");
}

void TraceWriter::on_fault(const sim::AppliedFault& applied) {
  TraceLine& line = *line_;
  begin(line, number_, applied.at);
  line.member("event", "fault");
  line.member("row", applied.row);
  line.member("undo", applied.undo);
  line.key("text");
  line.put_json_string(fault_text(plan_, applied));
  put_names(line, "who", applied.who);
  put_names(line, "from", applied.from);
  put_names(line, "to", applied.to);
  line.put("}\n");
}

}  // namespace reports
