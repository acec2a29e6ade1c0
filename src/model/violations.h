// Violations: what is wrong with the members of a request, joined into one answer as AWS does.
//
//   Violations v;
//   v.add("r1", "role", "Member must satisfy regular expression pattern: …");
//   if (auto error = v.error()) return *error;
//
// → 400 ValidationException "1 validation error detected: Value 'r1' at 'role' failed to satisfy
// constraint: …". Values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kiln::model {

inline Error invalid_parameter(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException", std::move(message)};
}

class Violations {
 public:
  void add(std::string_view value, std::string_view member, std::string_view constraint);
  // Shorthands for the constraints that occur often.
  void add_missing(std::string_view member);
  void check_length(std::string_view value, std::string_view member, size_t least, size_t most);
  void check_range(int64_t value, std::string_view member, int64_t least, int64_t most);

  bool empty() const { return texts_.empty(); }
  std::optional<Error> error() const;
  // The same for functions that return Result<void>.
  Result<void> result() const;

 private:
  std::vector<std::string> texts_;
};

}  // namespace kiln::model
