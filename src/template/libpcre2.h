// PCRE2, the regular expressions of templates' AllowedPattern, opened when a template has the
// first.
#pragma once

#include "base/lazy_library.h"

namespace kiln::cfn {

const LazyLibrary& pcre2_library();

}  // namespace kiln::cfn
