// The simple rules that CloudWatch's API has for each parameter of the alarm operations; all that
// are broken are answered together:
//
//   2 validation errors detected: Value null at 'alarmName' failed to satisfy constraint: Member
//   must not be null; Value '0' at 'evaluationPeriods' failed to satisfy constraint: Member must
//   have value greater than or equal to 1
//
// Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/fields.h"

namespace kiln::services {

Error constraint_error(std::string message);

// A character of a tag, in AWS's words.
inline constexpr const char* kTagCharacter = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]";
// Whether it has only these, where every character beyond ASCII passes.
bool is_tag_text(std::string_view text);

class InputChecks {
 public:
  explicit InputChecks(const nlohmann::json& input) : in_(input) {}

  enum class Need { kOptional, kRequired };
  std::string text(const char* name, size_t least, size_t most, Need need = Need::kOptional);
  // "" when absent.
  std::string one_of(const char* name, const std::vector<std::string_view>& allowed,
                     Need need = Need::kOptional);
  std::optional<int64_t> integer(const char* name, int64_t least, int64_t most,
                                 Need need = Need::kOptional);
  // `longest`: characters of each, which has one at least; 0: any texts.
  std::vector<std::string> texts(const char* name, size_t most, Need need = Need::kOptional,
                                 size_t longest = 0);
  // A value that is already read, such as an element of a list.
  void check_value(const char* name, const std::string& value,
                   const std::vector<std::string_view>& allowed);
  // Counts the elements of a list.
  void length(const char* name, size_t most);
  // What the others don't know of: 'VALUE' with its quotes, and "Member must CONSTRAINT".
  void broken(const char* name, const std::string& value, const std::string& constraint);
  wire::Fields& fields() { return in_; }

  Result<void> result() const;

 private:
  void require(const char* name, Need need);

  wire::Fields in_;
  std::vector<std::string> problems_;
};

}  // namespace kiln::services
