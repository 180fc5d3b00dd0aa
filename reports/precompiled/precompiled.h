// See model/precompiled/precompiled.h.
#include <fmt/format.h>

#include <algorithm>

#include "model/node.h"
#include "sim/search/run.h"
