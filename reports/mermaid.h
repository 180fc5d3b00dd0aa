// Sequence diagrams for Mermaid (https://mermaid.js.org/syntax/sequenceDiagram.html), built line by line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "model/ids.h"

namespace reports {

class MermaidSequence {
 public:
  explicit MermaidSequence(const model::ClusterConfig& config) : config_(config) {}  // outlives it

  // A lifeline, once; in the order of nodes. All of them come before the first line.
  void participant(model::NodeId node);
  void message(model::NodeId from, model::NodeId to, std::string_view text);
  void note(model::NodeId over, std::string_view text);
  void note_over_all(std::string_view text);
  std::string text() const;

 private:
  const model::ClusterConfig& config_;
  std::vector<model::NodeId> participants_;  // sorted
  std::vector<std::string> lines_;           // "*..." is a note from the first lifeline to the last
};

}  // namespace reports
