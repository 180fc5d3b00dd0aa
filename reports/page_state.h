// What a page shows of the nodes' state: after each step the fields that have another value than before.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/facts.h"
#include "reports/page_columns.h"
#include "sim/kernel/world.h"

namespace reports {

struct PageField {
  std::size_t node = 0;  // by NodeId; one more than the last: what is decided for the whole cluster
  std::string name;      // "role"
  std::int32_t partition = -1;
  bool is_text = false;  // values are numbers of texts
};

class PageState {
 public:
  // Both outlive it.
  PageState(const model::ClusterConfig& config, TextTable& texts);

  // Looks at a node, and at what is decided for the cluster, after the step of timeline row `row` (from 0; -1: before
  // the first one).
  void sample_node(const sim::World& world, model::NodeId node, std::int64_t row);
  void sample_cluster(const sim::World& world, std::int64_t row);
  // A producer's records, counted.
  void on_fact(model::NodeId node, const model::Fact& fact);

  const std::vector<PageField>& fields() const { return fields_; }
  // The changes, in the order of their rows.
  const std::vector<std::int64_t>& rows() const { return rows_; }
  const std::vector<std::int64_t>& changed() const { return changed_; }  // indexes of fields()
  const std::vector<std::int64_t>& values() const { return values_; }

 private:
  struct Subject {
    bool is_known = false;
    std::vector<std::size_t> fields;
    std::vector<std::int64_t> values;
  };

  void begin(std::size_t subject, std::int64_t row);
  void end();
  void number(std::string_view name, std::int64_t value) { put(name, value, false); }
  void text(std::string_view name, std::string_view value) { put(name, texts_.number_of(value), true); }
  void truth(std::string_view name, bool value) { text(name, value ? "yes" : "no"); }
  void node(std::string_view name, model::NodeId value);
  void nodes(std::string_view name, const model::Replicas& value);
  void put(std::string_view name, std::int64_t value, bool is_text);
  std::string_view process_of(const sim::World& world, model::NodeId node) const;
  void broker(const model::Broker& broker);
  void replica(const model::Broker& broker, std::size_t partition);
  void quorum_member(const model::QuorumMember& member);
  void producer(const model::Producer& producer);
  void consumer(const model::Consumer& consumer);

  const model::ClusterConfig& config_;
  TextTable& texts_;
  std::vector<Subject> subjects_;
  std::vector<PageField> fields_;
  std::vector<std::int64_t> rows_, changed_, values_;
  std::vector<std::array<std::int64_t, 2>> outcomes_;  // of records, by node: acknowledged, failed
  std::size_t now_ = 0, at_ = 0;                       // the subject that is looked at, and its next field
  std::int64_t row_ = 0;
  std::int32_t partition_ = -1;
};

}  // namespace reports
