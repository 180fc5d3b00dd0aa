#include "scenarios/suggest.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace scenarios {
namespace {

// How far apart two words are in their first differing byte: "b3" is nearer to "b4" than "b1" is.
int first_difference(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shorter; ++i) {
    if (a[i] != b[i]) return std::abs(static_cast<unsigned char>(a[i]) - static_cast<unsigned char>(b[i]));
  }
  return 0;  // one of them only goes on: "ack" is nearest to "acks"
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t differs = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + differs});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  // A very long word is no misspelling, and comparing it would cost its square.
  constexpr std::size_t kWordMax = 100;
  if (word.empty() || word.size() > kWordMax) return {};
  std::size_t limit = std::min(std::max<std::size_t>(2, word.size() / 3), word.size() - 1);
  std::string_view best;
  for (const std::string_view candidate : candidates) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (longer - std::min(word.size(), candidate.size()) > limit) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > limit) continue;
    if (distance == limit && !best.empty() && first_difference(word, candidate) >= first_difference(word, best)) {
      continue;
    }
    best = candidate;
    limit = distance;
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view best = nearest(word, candidates);
  return best.empty() ? std::string{} : "did you mean \"" + std::string(best) + "\"?";
}

std::string did_you_mean_or_list(std::string_view word, std::span<const std::string_view> candidates,
                                 std::string_view what) {
  std::string hint = did_you_mean(word, candidates);
  if (!hint.empty() || candidates.empty()) return hint;
  hint = std::string(what) + ": ";
  for (std::size_t i = 0; i < candidates.size(); ++i) hint += (i == 0 ? "" : ", ") + std::string(candidates[i]);
  return hint;
}

}  // namespace scenarios
