#include "reports/mermaid.h"

#include <fmt/format.h>

#include <algorithm>

namespace reports {
namespace {

std::string id_of(model::NodeId node) { return fmt::format("n{}", static_cast<int>(node)); }

// In Mermaid's texts a semicolon ends a statement, and "#...;" is an entity.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ';' || c == '#') {
      out += c == ';' ? "#59;" : "#35;";
    } else {
      out += c == '\n' || c == '\r' ? ' ' : c;
    }
  }
  return out;
}

}  // namespace

void MermaidSequence::participant(model::NodeId node) {
  const auto place = std::lower_bound(participants_.begin(), participants_.end(), node);
  if (place == participants_.end() || *place != node) participants_.insert(place, node);
}

void MermaidSequence::message(model::NodeId from, model::NodeId to, std::string_view text) {
  participant(from);
  participant(to);
  lines_.push_back(fmt::format("{}->>{}: {}", id_of(from), id_of(to), escaped(text)));
}

void MermaidSequence::note(model::NodeId over, std::string_view text) {
  participant(over);
  lines_.push_back(fmt::format("Note over {}: {}", id_of(over), escaped(text)));
}

void MermaidSequence::note_over_all(std::string_view text) { lines_.push_back("*" + escaped(text)); }

std::string MermaidSequence::text() const {
  std::string out = "sequenceDiagram\n";
  for (const model::NodeId node : participants_) {
    const std::string name = node == model::kZooKeeper ? "zookeeper" : config_.name_of(node);
    out += fmt::format("  participant {} as {}\n", id_of(node), escaped(name));
  }
  if (participants_.empty()) return out + "  participant nobody\n";
  const std::string first = id_of(participants_.front()), last = id_of(participants_.back());
  for (const std::string& line : lines_) {
    out +=
        line.front() == '*' ? fmt::format("  Note over {},{}: {}\n", first, last, line.substr(1)) : "  " + line + "\n";
  }
  return out;
}

}  // namespace reports
