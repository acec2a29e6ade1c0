// The members of a request document, read with their types. A document that came as a form (query
// protocol) has only texts: numbers, booleans and times are read from texts, too.
//
//   Fields in(document);
//   const std::string name = in.text("AlarmName");
//   const auto period = in.integer("Period");
//   if (!in.status()) return in.status().error();
//
// The first error stays (SerializationException, naming the member). Not thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace kiln::wire {

class Fields {
 public:
  // Keeps a reference to `document`; one that is not an object has no members.
  explicit Fields(const nlohmann::json& document) : document_(document) {}

  // Present and not null.
  bool has(const char* name) const { return find(name) != nullptr; }
  // The member as it is; nullptr when absent.
  const nlohmann::json* find(const char* name) const;

  std::string text(const char* name, const std::string& otherwise = {});
  std::optional<double> number(const char* name);
  std::optional<int64_t> integer(const char* name);
  std::optional<bool> boolean(const char* name);
  std::optional<WallTime> time(const char* name);  // epoch seconds, or ISO 8601
  std::vector<std::string> texts(const char* name);
  std::vector<double> numbers(const char* name);
  // The elements of a list of structures; empty when absent.
  const nlohmann::json& list(const char* name);

  const Result<void>& status() const { return status_; }

 private:
  void fail(const char* name, const char* wanted);

  const nlohmann::json& document_;
  Result<void> status_;
};

// A number from a JSON number or from a text that is one.
std::optional<double> to_number(const nlohmann::json& value);
// "2025-01-01T00:00:00Z", with or without fraction or offset, or epoch seconds in digits.
std::optional<WallTime> parse_time(std::string_view text);

}  // namespace kiln::wire
