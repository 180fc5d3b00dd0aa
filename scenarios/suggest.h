// "Did you mean": the nearest of the known words.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace scenarios {

// Damerau-Levenshtein (optimal string alignment): insertions, deletions, substitutions and swaps of
// neighbours, in bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest candidate within a distance of 2, or of a third of the word's length if that is more, and
// always less than the word's length; of equals the one whose first differing byte is nearer. Empty: none.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// "did you mean \"crash\"?", or empty.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);
// The suggestion, else "known: a, b, c".
std::string did_you_mean_or_list(std::string_view word, std::span<const std::string_view> candidates,
                                 std::string_view what);

}  // namespace scenarios
