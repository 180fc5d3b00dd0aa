#include "scenarios/suggest.h"

#include <array>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using scenarios::did_you_mean;
using scenarios::did_you_mean_or_list;
using scenarios::edit_distance;
using scenarios::nearest;

TEST_CASE("The edit distance counts insertions, deletions, substitutions and swaps of neighbours") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("crash", "crash") == 0);
  CHECK(edit_distance("", "crash") == 5);
  CHECK(edit_distance("crsh", "crash") == 1);
  CHECK(edit_distance("craash", "crash") == 1);
  CHECK(edit_distance("crush", "crash") == 1);
  CHECK(edit_distance("carsh", "crash") == 1);
  CHECK(edit_distance("togehter", "together") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("ca", "abc") == 3);  // optimal string alignment: no edit inside a swap
  CHECK(edit_distance("abc", "ca") == edit_distance("ca", "abc"));
}

TEST_CASE("A word is suggested within a distance of two, or of a third of its length") {
  constexpr std::array<std::string_view, 4> kWords{"crash", "pause", "move_controller", "zookeeper.session.timeout.ms"};
  CHECK(nearest("crsh", kWords) == "crash");
  CHECK(nearest("cra", kWords) == "crash");
  CHECK(nearest("cr", kWords).empty());
  CHECK(nearest("mov_controler", kWords) == "move_controller");
  CHECK(nearest("zookeeper.session.timeout", kWords) == "zookeeper.session.timeout.ms");
  CHECK(nearest("reboot", kWords).empty());
}

TEST_CASE("A short word is never replaced as a whole") {
  constexpr std::array<std::string_view, 2> kWords{"at", "b1"};
  CHECK(nearest("x", kWords).empty());
  CHECK(nearest("xy", kWords).empty());
  CHECK(nearest("b7", kWords) == "b1");
  CHECK(nearest("", kWords).empty());
}

TEST_CASE("Of equally near words the one with the nearest letter is suggested") {
  constexpr std::array<std::string_view, 3> kNodes{"b1", "b2", "b3"};
  CHECK(nearest("b4", kNodes) == "b3");
  CHECK(nearest("b0", kNodes) == "b1");
}

TEST_CASE("A very long word is compared with nothing") {
  constexpr std::array<std::string_view, 1> kWords{"crash"};
  CHECK(nearest(std::string(1'000'000, 'c'), kWords).empty());
}

TEST_CASE("Hints are questions or lists") {
  constexpr std::array<std::string_view, 2> kWords{"crash", "pause"};
  CHECK(did_you_mean("crsh", kWords) == "did you mean \"crash\"?");
  CHECK(did_you_mean("reboot", kWords).empty());
  CHECK(did_you_mean_or_list("crsh", kWords, "known") == "did you mean \"crash\"?");
  CHECK(did_you_mean_or_list("reboot", kWords, "known") == "known: crash, pause");
  CHECK(did_you_mean_or_list("reboot", {}, "known").empty());
}
