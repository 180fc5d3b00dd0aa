// Small pieces of text that every report shares.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/time.h"
#include "sim/kernel/observer.h"

namespace reports {

std::string seconds_text(std::int64_t us);   // "-7.862": three decimals, cut, not rounded
std::string short_seconds(model::Duration);  // "25 s", "1.5 s", "40 ms", below that "250 µs"; cut to milliseconds
std::string tenths(model::Duration);         // "6.4 s"
std::string grouped(std::uint64_t number);   // "10,412"
std::string hex16(std::uint64_t number);     // "00000000000000ff"
std::string counted(std::int64_t n, std::string_view noun);  // "1 message", "31 messages"
std::string joined(const std::vector<std::string>& parts, std::string_view separator);
std::string names_of(const std::vector<model::NodeId>& nodes, const model::ClusterConfig& config);  // "b1 b2"

std::string short_name(model::NodeId node, const model::ClusterConfig& config);  // "b1", "zk"

// Why records may be missing: "acks=1, only the old leader ever had to have them".
std::string loss_text(model::LossReason reason);

}  // namespace reports
