// libarchive, which reads and writes zip archives, opened when it is first called.
#pragma once

#include "base/lazy_library.h"

namespace kiln {

const LazyLibrary& archive_library();

}  // namespace kiln
