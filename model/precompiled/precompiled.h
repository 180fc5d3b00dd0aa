// What nearly every source file of this folder includes, read once for all of them. Each file includes what it needs
// all the same: a build with -Db_pch=false has to pass. No include guard: compilers take one for a mistake here.
#include <algorithm>

#include "model/node.h"
#include "model/rules.h"
