// BadRequest: the caller's mistake, as opposed to a failure of ours. Answered with 400.
#pragma once

#include <stdexcept>

namespace optimized_imports {

class BadRequest : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace optimized_imports
