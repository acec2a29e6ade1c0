// Threads for the runs of a study.
#pragma once

#include "simulate/study.h"

namespace kiln::simulate {

// At most so many at the same time; 0: as many as the machine has processors; fewer where
// no more can be started. An exception in one (memory has run out) is thrown again where the study
// was begun, when all have ended.
ForEach in_threads(size_t most);

}  // namespace kiln::simulate
