#include "model/violations.h"

#include "base/characters.h"

namespace kiln::model {

void Violations::add(std::string_view value, std::string_view member, std::string_view constraint) {
  std::string text = "Value '";
  text.append(value)
      .append("' at '")
      .append(member)
      .append("' failed to satisfy constraint: ")
      .append(constraint);
  texts_.push_back(std::move(text));
}

void Violations::add_missing(std::string_view member) {
  texts_.push_back("Value null at '" + std::string(member) +
                   "' failed to satisfy constraint: Member must not be null");
}

void Violations::check_length(std::string_view value, std::string_view member, size_t least,
                              size_t most) {
  const size_t length = characters(value);
  if (length < least)
    add(value, member, "Member must have length greater than or equal to " + std::to_string(least));
  if (length > most)
    add(value, member, "Member must have length less than or equal to " + std::to_string(most));
}

void Violations::check_range(int64_t value, std::string_view member, int64_t least, int64_t most) {
  if (value < least)
    add(std::to_string(value), member,
        "Member must have value greater than or equal to " + std::to_string(least));
  if (value > most)
    add(std::to_string(value), member,
        "Member must have value less than or equal to " + std::to_string(most));
}

std::optional<Error> Violations::error() const {
  if (texts_.empty()) return std::nullopt;
  std::string message = std::to_string(texts_.size());
  message += texts_.size() == 1 ? " validation error detected: " : " validation errors detected: ";
  for (size_t i = 0; i < texts_.size(); ++i) message.append(i == 0 ? "" : "; ").append(texts_[i]);
  return Error{ErrorKind::kInvalid, "ValidationException", std::move(message)};
}

Result<void> Violations::result() const {
  if (auto e = error()) return *std::move(e);
  return {};
}

}  // namespace kiln::model
