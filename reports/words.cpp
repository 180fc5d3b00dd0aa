#include "reports/words.h"

#include <fmt/format.h>

namespace reports {

std::string seconds_text(std::int64_t us) {
  const std::int64_t ms = us / 1000;
  const std::int64_t size = ms < 0 ? -ms : ms;
  return fmt::format("{}{}.{:03}", ms < 0 ? "-" : "", size / 1000, size % 1000);
}

std::string short_seconds(model::Duration d) {
  const std::int64_t ms = d.us / 1000;
  if (d.us < 0 || (ms == 0 && d.us != 0)) return fmt::format("{} µs", d.us);
  if (ms != 0 && ms < 1000) return fmt::format("{} ms", ms);
  if (ms % 1000 == 0) return fmt::format("{} s", ms / 1000);
  std::string fraction = fmt::format("{:03}", ms % 1000);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fmt::format("{}.{} s", ms / 1000, fraction);
}

std::string tenths(model::Duration d) { return fmt::format("{}.{} s", d.us / 1'000'000, d.us / 100'000 % 10); }

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string hex16(std::uint64_t number) { return fmt::format("{:016x}", number); }

std::string counted(std::int64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(static_cast<std::uint64_t>(n)), noun, n == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string names_of(const std::vector<model::NodeId>& nodes, const model::ClusterConfig& config) {
  std::vector<std::string> names;
  for (const model::NodeId node : nodes) names.push_back(config.name_of(node));
  return joined(names, " ");
}

std::string short_name(model::NodeId node, const model::ClusterConfig& config) {
  return node == model::kZooKeeper ? "zk" : config.name_of(node);
}

std::string loss_text(model::LossReason reason) {
  switch (reason) {
    case model::LossReason::none:
      return "no reason";
    case model::LossReason::acks:
      return "acks=1, only the old leader ever had to have them";
    case model::LossReason::unclean_election:
      return "unclean election, a replica outside the ISR leads";
    case model::LossReason::power_loss:
      return "power loss, no copy that could lead had kept them";
    case model::LossReason::lost_isr_write:
      return "before KIP-497, the leader never learnt of the ISR that it had written";
    case model::LossReason::reassignment:
      return "reassignment, a replica that was to go leads after all";
  }
  return "";
}

}  // namespace reports
