// The lines of a story while it is being told: lines that say the same of several partitions within a
// moment become one, and a line that repeats is counted instead of told again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/narrate.h"

namespace reports {

inline constexpr std::string_view kAct = "ACT";  // who acts in the line about an operator

struct Draft {
  sim::Time at;
  std::string who;
  std::vector<std::string> subjects;  // partitions; empty: `what` is the whole sentence
  std::string what;
  std::string why;
  Ink ink = Ink::plain;
  std::int64_t times = 1;
  sim::Time last;                       // when it was told last
  std::vector<std::size_t> facts = {};  // that it tells
};

class Story {
 public:
  // What is told from now on tells these facts, by their place.
  void about(std::vector<std::size_t> facts) { facts_ = std::move(facts); }
  void also_about(std::size_t fact) { facts_.push_back(fact); }
  // Joins a draft of the last 50 ms that says the same of other partitions.
  void tell(Draft draft);
  // Counts as another time of a draft that says the same and was told within the last 10 s, unless an operator
  // has acted since.
  void tell_again(Draft draft);
  std::size_t size() const { return drafts_.size(); }
  Draft& at(std::size_t i) { return drafts_[i]; }
  std::vector<Line> lines() const;

 private:
  void add(Draft draft);

  std::vector<Draft> drafts_;
  std::vector<std::size_t> facts_;
};

}  // namespace reports
