// Small pieces of text that every report shares.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/time.h"
#include "sim/kernel/observer.h"

namespace reports {

std::string seconds_text(std::int64_t us);                   // "-7.862": three decimals, cut, not rounded
std::string short_seconds(model::Duration);                  // "25 s", "1.5 s", "40 ms": as people say it
std::string tenths(model::Duration);                         // "6.4 s"
std::string grouped(std::uint64_t number);                   // "10,412"
std::string hex16(std::uint64_t number);                     // "00000000000000ff"
std::string counted(std::int64_t n, std::string_view noun);  // "1 message", "31 messages"
std::string joined(const std::vector<std::string>& parts, std::string_view separator);
std::string names_of(const std::vector<model::NodeId>& nodes, const model::ClusterConfig& config);  // "b1 b2"

// One line for people: what happens to whom, roles resolved. "pause b1 (controller, leader of t-0) for
// 25 s", "heal b1 from zookeeper".
std::string fault_text(const sim::Plan& plan, const sim::AppliedFault& applied);
// What it did: "held 31 messages", "lost 2 messages, reset 6 connections"; "acted" or "nothing".
std::string effect_text(const sim::FaultEffect& effect);
// Something an operator does, as opposed to something that goes wrong.
bool is_operator_act(sim::FaultKind kind);
std::string_view verb_of(sim::FaultKind kind);  // "move the controller"

// Why records may be missing: "acks=1, only the old leader ever had to have them".
std::string loss_text(model::LossReason reason);

}  // namespace reports
