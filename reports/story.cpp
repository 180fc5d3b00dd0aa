#include "reports/story.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/words.h"

namespace reports {
namespace {

constexpr std::size_t kSubjectsShown = 6;

bool says_the_same(const Draft& a, const Draft& b) { return a.who == b.who && a.what == b.what && a.why == b.why; }

std::string sentence(const Draft& draft) {
  std::string text;
  if (draft.subjects.size() > kSubjectsShown) {
    text =
        fmt::format("{} … {} ({} partitions) ", draft.subjects.front(), draft.subjects.back(), draft.subjects.size());
  } else {
    for (const std::string& subject : draft.subjects) text += subject + " ";
  }
  text += draft.what;
  if (draft.times > 1)
    text += fmt::format("  (× {}, until {})", grouped(static_cast<std::uint64_t>(draft.times)),
                        seconds_text(draft.last.us));
  return text;
}

}  // namespace

void Story::tell(Draft draft) {
  draft.last = draft.at;
  if (!draft.subjects.empty()) {
    for (auto before = drafts_.rbegin(); before != drafts_.rend(); ++before) {
      if (draft.at - before->at > model::milliseconds(50)) break;
      // A later line about the same partition stands between: joining would swap their order.
      const bool is_about_it =
          std::find(before->subjects.begin(), before->subjects.end(), draft.subjects.front()) != before->subjects.end();
      if (is_about_it) break;
      if (before->times == 1 && !before->subjects.empty() && says_the_same(*before, draft)) {
        before->subjects.push_back(draft.subjects.front());
        before->facts.insert(before->facts.end(), facts_.begin(), facts_.end());
        return;
      }
    }
  }
  add(std::move(draft));
}

void Story::add(Draft draft) {
  draft.facts = facts_;
  drafts_.push_back(std::move(draft));
}

void Story::tell_again(Draft draft) {
  for (auto before = drafts_.rbegin(); before != drafts_.rend(); ++before) {
    // What an operator did in between may be what is repeated for.
    if (before->who == kAct) break;
    if (says_the_same(*before, draft) && before->subjects == draft.subjects &&
        draft.at - before->last <= model::seconds(10)) {
      ++before->times;
      before->last = draft.at;
      before->facts.insert(before->facts.end(), facts_.begin(), facts_.end());
      return;
    }
  }
  draft.last = draft.at;
  add(std::move(draft));
}

std::vector<Line> Story::lines() const {
  std::vector<Line> lines;
  for (const Draft& draft : drafts_) {
    lines.push_back({draft.at, draft.who, sentence(draft), draft.why, draft.ink, draft.facts});
  }
  return lines;
}

}  // namespace reports
