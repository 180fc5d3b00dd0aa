// The entry point of the unit tests, in a file of its own: doctest's implementation is slow to compile.
// Both: where the header has been precompiled the first alone comes too late to mean the second.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
