// Where the simulated cluster differs from a real one, and why: the limits of what a run can tell.
#pragma once

#include "reports/tables.h"

namespace reports {

// `what` says how the model behaves, with the values that it uses, `why` what that means for a reader.
Table fidelity_table();

}  // namespace reports
