#include "reports/page.h"

#include <fmt/format.h>

#include "model/ensure.h"
#include "reports/escape.h"
#include "reports/narrate.h"
#include "reports/page_asset.h"
#include "reports/page_data.h"
#include "reports/words.h"

namespace reports {
namespace {

// What is there before the script, and without it: the story, for whoever reads text.
std::string story(const sim::Plan& plan, const sim::Outcome& outcome) {
  std::string text =
      fmt::format("<h1>{}</h1>\n<p>{}</p>\n<p>Verdict: {}. {}.</p>\n<ol>\n", xml_text(plan.title), xml_text(plan.story),
                  sim::name_of(outcome.verdict),
                  outcome.verdict == sim::Verdict::passed ? "What was expected happened" : "See the last lines");
  for (const Line& line : narrate(plan, outcome)) {
    text += fmt::format("<li>{} s {}: {}{}</li>\n", seconds_text(line.at.us), xml_text(line.who), xml_text(line.what),
                        line.why.empty() ? "" : " (" + xml_text(line.why) + ")");
  }
  return text + "</ol>\n";
}

}  // namespace

Page page_of(const sim::Plan& plan, const std::string& repeat) {
  sim::RunOptions options;
  options.keep_facts = options.keep_record_facts = true;
  Page page{"", sim::run(plan, options)};
  PageTrace trace(plan);
  // Looking changes nothing, or the page would show another run.
  ENSURE(watch(plan, trace) == page.outcome.fingerprint);
  const PageAsset asset = page_asset();
  const std::string title = plan.title.empty() ? plan.file : plan.title;
  page.html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '{}'; style-src '{}'; "
      "img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>{} · seed {} · Fencepost</title>\n<style>",
      asset.script_hash, asset.style_hash, xml_text(title), page.outcome.seed);
  page.html += asset.style;
  page.html += "</style>\n</head>\n<body>\n<div id=\"page\">\n";
  page.html += story(plan, page.outcome);
  page.html += "</div>\n<script type=\"application/json\" id=\"run\">";
  page.html += page_data(plan, page.outcome, trace, repeat);
  page.html += "</script>\n<script>";
  page.html += asset.script;
  page.html += "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace reports
