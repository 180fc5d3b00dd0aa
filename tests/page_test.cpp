#include "reports/page.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "reports/page_asset.h"
#include "reports/page_columns.h"
#include "reports/page_trace.h"
#include "scenarios/loader.h"

using nlohmann::json;

namespace {

sim::Plan library(const std::string& name) {
  auto loaded = scenarios::load_scenario_file("scenarios/library/" + name + ".json");
  REQUIRE(loaded.ok());
  return *loaded.value;
}

// Between two texts of which the first one comes once.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t from = text.find(before);
  REQUIRE(from != std::string::npos);
  CHECK(text.find(before, from + 1) == std::string::npos);
  const std::size_t begin = from + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

json data_of(const std::string& html) {
  return json::parse(between(html, "<script type=\"application/json\" id=\"run\">", "</script>"));
}

// A column that holds differences, summed up.
std::vector<std::int64_t> summed(const json& steps) {
  std::vector<std::int64_t> values;
  std::int64_t value = 0;
  for (const json& step : steps) values.push_back(value += step.get<std::int64_t>());
  return values;
}

}  // namespace

TEST_CASE("the page of a run carries its data as JSON, every event of it") {
  const sim::Plan plan = library("zombie-controller");
  const reports::Page page = reports::page_of(plan, "fencepost run zombie-controller.json --seed 1");
  const json data = data_of(page.html);
  CHECK(data["version"] == 1);
  CHECK(data["title"] == plan.title);
  CHECK(data["seed"] == std::to_string(plan.seed));
  CHECK(data["events"] == page.outcome.events);
  const json& rows = data["rows"];
  const std::size_t count = rows["t"].size();
  for (const char* column : {"kind", "node", "peer", "what", "via", "back", "shape"}) {
    INFO(column);
    CHECK(rows[column].size() == count);
  }
  const auto kinds = rows["kind"].get<std::vector<std::int64_t>>();
  const auto faults =
      std::count_if(kinds.begin(), kinds.end(), [](std::int64_t kind) { return kind >= reports::PageTrace::kFault; });
  CHECK(count - static_cast<std::size_t>(faults) == page.outcome.events);
  CHECK(data["faults"].size() == static_cast<std::size_t>(faults));
  const std::vector<std::int64_t> at = summed(rows["t"]);
  CHECK(std::is_sorted(at.begin(), at.end()));
  CHECK(at.front() >= plan.begins.us);
  CHECK(at.back() <= plan.until.us);
  // Facts are those of the run but for what its judge adds.
  CHECK(data["facts"]["what"].size() == page.outcome.facts.size());
  CHECK(!data["story"].empty());
}

TEST_CASE("the state on a page is what the run ended with") {
  const sim::Plan plan = library("zombie-controller");
  const json data = data_of(reports::page_of(plan, "").html);
  std::map<std::size_t, std::int64_t> last;
  const auto rows = summed(data["state"]["row"]);
  CHECK(std::is_sorted(rows.begin(), rows.end()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    last[data["state"]["field"][i].get<std::size_t>()] = data["state"]["value"][i].get<std::int64_t>();
  }
  const auto ends_with = [&](std::size_t node, std::int32_t partition, const std::string& name) {
    for (std::size_t f = 0; f < data["fields"].size(); ++f) {
      const json& field = data["fields"][f];
      if (field[0] != node || field[1] != partition || field[2] != name) continue;
      return field[3] ? data["texts"][static_cast<std::size_t>(last.at(f))].get<std::string>()
                      : std::to_string(last.at(f));
    }
    return std::string("no such field");
  };
  const std::size_t cluster = data["nodes"].size();
  CHECK(ends_with(cluster, -1, "controller") == "b3");
  CHECK(ends_with(cluster, 1, "leader") == "b2");
  CHECK(ends_with(cluster, 1, "isr") == "b2 b3 b1");
  CHECK(ends_with(2, 1, "role") == "leader");
  CHECK(ends_with(1, 1, "role") == "follower");
  CHECK(ends_with(1, -1, "acts as controller") == "no");
  CHECK(ends_with(1, -1, "process") == "running");
  CHECK(ends_with(4, -1, "records acknowledged") == "1180");
}

TEST_CASE("rows of a page point back at what they began with") {
  const json data = data_of(reports::page_of(library("zombie-controller"), "").html);
  const json& rows = data["rows"];
  const auto at = summed(rows["t"]);
  std::size_t answers = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const auto back = rows["back"][i].get<std::size_t>();
    REQUIRE(back <= i);
    const bool is_message = rows["kind"][i] == 0;
    if (!is_message) continue;
    // A message was sent by its peer, before it arrived.
    REQUIRE(back > 0);
    CHECK(rows["node"][i - back] == rows["peer"][i]);
    CHECK(at[i - back] < at[i]);
    ++answers;
  }
  CHECK(answers > 1'000);
  // The end of the pause points at its beginning.
  const json& faults = data["faults"];
  const std::size_t begin = faults[faults.size() - 2]["row"], end = faults[faults.size() - 1]["row"];
  CHECK(faults[faults.size() - 1]["undo"] == true);
  CHECK(rows["back"][end] == end - begin);
}

TEST_CASE("a page is the same bytes each time, and looking does not change the run") {
  for (const char* name : {"zombie-controller", "quorum-leader-paused"}) {
    const sim::Plan plan = library(name);
    const reports::Page page = reports::page_of(plan, "again");
    CHECK(page.html == reports::page_of(plan, "again").html);
    reports::PageTrace trace(plan);
    CHECK(reports::watch(plan, trace) == sim::run(plan, {}).fingerprint);
    CHECK(page.outcome.fingerprint == sim::run(plan, {}).fingerprint);
  }
}

TEST_CASE("a page asks nobody for anything and runs only what it was made with") {
  const reports::Page page = reports::page_of(library("leader-crash"), "");
  const reports::PageAsset asset = reports::page_asset();
  const std::string policy = between(page.html, "http-equiv=\"Content-Security-Policy\" content=\"", "\"");
  CHECK(policy == "default-src 'none'; script-src '" + std::string(asset.script_hash) + "'; style-src '" +
                      std::string(asset.style_hash) + "'; img-src data:; base-uri 'none'; form-action 'none'");
  CHECK(asset.script_hash.starts_with("sha256-"));
  for (const char* load : {"src=\"http", "href=\"http", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket",
                           "import(", "eval(", "new Function"}) {
    INFO(load);
    CHECK(page.html.find(load) == std::string::npos);
  }
  CHECK(asset.script.find("The MIT License") != std::string_view::npos);
}

TEST_CASE("no text of a scenario becomes markup of its page") {
  sim::Plan plan = library("leader-crash");
  plan.title = "</script><script>alert(1)</script><!-- \"'& \xff";
  plan.story = "</style></div><b>";
  const std::string html = reports::page_of(plan, "run '</script>'").html;
  CHECK(html.find("alert(1)</script>") == std::string::npos);
  CHECK(html.find("<b>") == std::string::npos);
  CHECK(html.find("<!--") == std::string::npos);
  const json data = data_of(html);
  CHECK(data["title"] == "</script><script>alert(1)</script><!-- \"'& \xef\xbf\xbd");
  CHECK(data["repeat"] == "run '</script>'");
}

TEST_CASE("who reads without scripts reads the story") {
  const std::string html = reports::page_of(library("zombie-controller"), "").html;
  const std::string text = between(html, "<div id=\"page\">", "</div>");
  CHECK(text.find("<h1>A paused controller comes back as a zombie</h1>") != std::string::npos);
  CHECK(text.find("<li>10.000 s FAULT: pause b1 (controller, leader of t-1) for 25 s</li>") != std::string::npos);
}

TEST_CASE("texts with the same shape share it") {
  reports::TextTable shapes;
  reports::ShapeColumn column(shapes);
  column.add(R"({"partition":"t-0","offset":123})");
  column.add(R"({"partition":"t-0","offset":-7})");
  column.add(R"({"name":"a\"1","ms":0.25})");
  CHECK(shapes.texts() ==
        std::vector<std::string>{R"({"partition":"t-0","offset":#})", R"({"name":"a\"1","ms":0.25})"});
  CHECK(column.shapes() == std::vector<std::int64_t>{0, 0, 1});
  CHECK(column.numbers() == std::vector<std::int64_t>{123, -7});
}
