// What is wrong with a file of prices. Pure.
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace kiln::cost {

inline Error wrong_prices(std::string message) {
  return {ErrorKind::kInvalid, "Usage", "the prices " + std::move(message)};
}

}  // namespace kiln::cost
