// The fetch loop for so many events and no more, so that a tool can count what one of them costs:
// `bench_events bare|model|judged EVENTS`. Two counts of one kind, subtracted, leave out the start and the boot.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "sim/kernel/world.h"
#include "sim/search/recorder.h"
#include "sim/search/run.h"
#include "tests/bench/fetch_loop_bare.h"
#include "tests/bench/fetch_loop_plan.h"

namespace {

void run_model(const sim::Plan& plan, std::uint64_t events, bool judged) {
  sim::Outcome outcome;
  const sim::RunOptions options;
  sim::Recorder recorder(plan, options, outcome);
  sim::World world(plan, judged ? &recorder : nullptr);
  if (judged) recorder.watch(world);
  world.run_until(sim::Time{} + model::seconds(1));
  const std::uint64_t first = world.events();
  while (world.events() - first < events && world.step()) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc == 3 ? argv[1] : "";
  std::uint64_t events = 0;
  const bool is_number =
      argc == 3 && std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), events).ec == std::errc{};
  if (!is_number || (kind != "bare" && kind != "model" && kind != "judged")) {
    std::fputs("usage: bench_events bare|model|judged EVENTS\n", stderr);
    return 64;
  }
  if (kind == "bare") return bench::run_bare_fetch_loop(events, 42).events >= events ? 0 : 1;
  run_model(bench::fetch_loop_plan(model::seconds(3600), 42), events, kind == "judged");
  return 0;
}
