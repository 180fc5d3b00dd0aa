// See model/precompiled/precompiled.h.
#include <fmt/format.h>

#include <algorithm>

#include "model/rules.h"
#include "sim/search/run.h"
