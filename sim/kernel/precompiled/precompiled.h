// See model/precompiled/precompiled.h.
#include <algorithm>

#include "sim/kernel/engine.h"
