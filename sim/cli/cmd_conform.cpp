#include <fstream>
#include <thread>

#include "model/rules.h"
#include "reports/conform.h"
#include "scenarios/json_value.h"
#include "scenarios/recordings.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/cli/progress.h"
#include "sim/search/conform.h"

namespace cli {
namespace {

void complain(const std::string& text) { print_error(text + "\n"); }

// At most one byte more than a recording may have: the decoder says that it is too large.
bool read_file(const std::string& path, std::string& text) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  text.resize(scenarios::kTextBytesMax + 1);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return false;  // a directory, say
  text.resize(static_cast<std::size_t>(file.gcount()));
  return true;
}

// Empty, with everything that is wrong on standard error, unless all files are good.
std::vector<sim::Recording> load_all(const std::vector<std::string>& files) {
  std::vector<sim::Recording> recordings;
  bool is_good = true;
  for (const std::string& path : files) {
    std::string text;
    if (!read_file(path, text)) {
      complain(path + ": error[unreadable]: cannot read this file");
      is_good = false;
      continue;
    }
    scenarios::Result<sim::Recording> loaded = scenarios::load_recording(path, text);
    for (const scenarios::Problem& problem : loaded.errors) complain(scenarios::text_of(problem));
    for (const scenarios::Problem& problem : loaded.warnings) complain(scenarios::text_of(problem));
    if (loaded.ok()) {
      recordings.push_back(std::move(*loaded.value));
    } else {
      is_good = false;
    }
  }
  if (!is_good) recordings.clear();
  return recordings;
}

bool plant(const std::vector<std::string>& defects, std::vector<sim::Recording>& recordings) {
  for (const std::string& name : defects) {
    const model::Defect* defect = model::find_defect(name);
    if (defect == nullptr) {
      complain("fencepost: \"" + name + "\" is not a defect; `fencepost describe defects` lists them");
      return false;
    }
    for (sim::Recording& recording : recordings) {
      if (!recording.not_supported.empty()) continue;
      defect->plant(recording.setup.rules);
      recording.setup.defects.push_back(name);
    }
  }
  return true;
}

sim::ConformOptions options_of(const ConformArguments& arguments) {
  sim::ConformOptions options;
  options.seeds = static_cast<std::uint64_t>(arguments.seeds);
  options.jobs = arguments.jobs > 0 ? arguments.jobs : static_cast<int>(std::thread::hardware_concurrency());
  options.shown = arguments.seed;
  return options;
}

}  // namespace

int conform_command(const ConformArguments& arguments) {
  if (arguments.files.empty() || arguments.seeds < 1) {
    complain(arguments.files.empty() ? "fencepost conform: which recordings?" : "fencepost conform: at least one seed");
    return kUsage;
  }
  std::vector<sim::Recording> recordings = load_all(arguments.files);
  if (recordings.empty()) return kBadScenario;
  if (!plant(arguments.defects, recordings)) return kUsage;

  const sim::ConformOptions options = options_of(arguments);
  std::vector<sim::Conformance> found;
  Progress progress(options.seeds * recordings.size());
  for (const sim::Recording& recording : recordings) {
    found.push_back(sim::conform(recording, options));
    progress.add(options.seeds);
  }
  progress.clear();
  std::vector<reports::ConformedRecording> rows;
  bool is_refuted = false;
  for (std::size_t i = 0; i < found.size(); ++i) {
    rows.push_back({&recordings[i], &found[i]});
    is_refuted = is_refuted || found[i].status == sim::ConformStatus::refuted;
  }
  const std::string text = arguments.format == Format::json
                               ? reports::json_of_conformance(rows)
                               : reports::text_of_conformance(rows, is_coloured(arguments.colour));
  if (!print(text)) return kInternal;
  return is_refuted ? kRefuted : kGood;
}

}  // namespace cli
