// What `describe` shows: tables made from the tables in the code, so that they cannot fall behind it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reports {

struct TableRow {
  std::string name;
  std::string what;
  std::string why;  // may be empty
};
struct Table {
  std::string topic;  // the key in JSON: "facts"
  std::string about;  // one sentence above the rows
  std::vector<TableRow> rows;
};

Table facts_table();       // model::fact_rows()
Table rules_table();       // model::profiles(): how the versions differ; then model::defects()
Table defects_table();     // model::defects(), and the rows of model::invariants() that each is known to break
Table faults_table();      // sim::FaultKind
Table invariants_table();  // model::invariants()

// Rows under each other: the name, then text wrapped to `columns`, reasons indented below.
std::string text_of_table(const Table& table, std::size_t columns);
// {"version": 1, "facts": [{"name", "what", "why"}]}; "why" only where the table has any.
std::string json_of_table(const Table& table);
// {"version": 1, "invariants": [{"name", "promise", "kind", "precondition", "broken_by": [defects]}]}
std::string json_of_invariants();

}  // namespace reports
