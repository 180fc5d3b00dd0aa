#include "reports/scenario_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/colour.h"
#include "reports/escape.h"
#include "reports/json_writer.h"
#include "reports/words.h"
#include "reports/wrap.h"

namespace reports {
namespace {

// What the scenario's file says; faults of the boot stand in none.
std::vector<const sim::Fault*> written_faults(const sim::Plan& plan) {
  std::vector<const sim::Fault*> faults;
  for (const sim::Fault& fault : plan.faults) {
    if (fault.line > 0) faults.push_back(&fault);
  }
  return faults;
}

std::string figures_of(const sim::Plan& plan) {
  const auto number = [](std::size_t count, std::string_view noun) {
    return counted(static_cast<std::int64_t>(count), noun);
  };
  return fmt::format("{}, Kafka {}, {}, {}, {}", plan.mode, plan.version, number(plan.config.brokers.size(), "broker"),
                     number(written_faults(plan).size(), "fault"), number(plan.expectations.size(), "expectation"));
}

std::string_view headline_of(const ListedScenario& scenario) {
  for (const FileProblem& problem : scenario.problems) {
    if (!problem.is_warning) return std::string_view(problem.text).substr(0, problem.text.find('\n'));
  }
  return "";
}

void write_entry(JsonWriter& json, const std::string& text, std::int32_t line) {
  json.begin_object();
  json.member("text", text);
  json.member("line", line);
  json.end_object();
}

void write_plan(JsonWriter& json, const sim::Plan& plan) {
  json.member("title", plan.title);
  json.member("story", plan.story);
  json.member("mode", plan.mode);
  json.member("kafka", plan.version);
  json.member("brokers", plan.config.brokers.size());
  json.key("topics");
  json.begin_array();
  for (const model::TopicConfig& topic : plan.config.topics) {
    json.begin_object();
    json.member("name", topic.name);
    json.member("partitions", topic.assignment.size());
    json.end_object();
  }
  json.end_array();
  json.key("faults");
  json.begin_array();
  for (const sim::Fault* fault : written_faults(plan)) write_entry(json, fault->text, fault->line);
  json.end_array();
  json.key("expectations");
  json.begin_array();
  for (const sim::Expectation& row : plan.expectations) write_entry(json, row.text, row.line);
  json.end_array();
}

}  // namespace

std::string text_of_list(const std::vector<ListedScenario>& scenarios, std::size_t columns, bool colour,
                         const std::string& run) {
  std::size_t width = 0;
  for (const ListedScenario& scenario : scenarios) width = std::max(width, scenario.name.size());
  // A long name stands on a line of its own instead of leaving no room for the titles.
  const std::size_t indent = std::min<std::size_t>(width + 2, 34);
  std::string out;
  for (const ListedScenario& scenario : scenarios) {
    const std::string name = one_line(scenario.name);
    out += paint(name, scenario.plan != nullptr ? Ink::bold : Ink::red, colour);
    if (name.size() + 2 > indent) {
      out += '\n';
      out.append(indent, ' ');
    } else {
      out.append(indent - name.size(), ' ');
    }
    if (scenario.plan == nullptr) {
      append_wrapped(out, fmt::format("BAD: {}", one_line(headline_of(scenario))), indent, columns);
      continue;
    }
    append_wrapped(out, one_line(scenario.plan->title), indent, columns);
    out.append(indent, ' ');
    out += paint(figures_of(*scenario.plan), Ink::dim, colour) + "\n";
  }
  if (!run.empty()) out += fmt::format("\nrun one: {}\n", run);
  return out;
}

std::string json_of_list(const std::vector<ListedScenario>& scenarios) {
  std::string out;
  JsonWriter json(out, 4);
  json.begin_object();
  json.member("version", 1);
  json.key("scenarios");
  json.begin_array();
  for (const ListedScenario& scenario : scenarios) {
    json.begin_object();
    json.member("name", scenario.name);
    json.member("file", scenario.file);
    json.member("ok", scenario.plan != nullptr);
    if (scenario.plan != nullptr) write_plan(json, *scenario.plan);
    write_problems(json, scenario.problems);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return out;
}

}  // namespace reports
