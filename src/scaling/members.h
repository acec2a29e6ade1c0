// Reads the members of a JSON object with their types; the first one of a wrong type is kept as the
// problem. Null is as good as absent. Not thread-safe.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace kiln::scaling {

class Members {
 public:
  // Both references are kept. A document that is no object has no members.
  Members(const nlohmann::json& document, std::string& problem)
      : document_(document), problem_(problem) {}

  bool has(const char* name) const { return find(name) != nullptr; }
  std::string text(const char* name) const;
  std::optional<double> number(const char* name) const;
  std::optional<int> integer(const char* name) const;  // in the range of int
  std::optional<bool> boolean(const char* name) const;
  std::optional<WallTime> time_ms(const char* name) const;
  // Empty when absent.
  const nlohmann::json& list(const char* name) const;
  const nlohmann::json& object(const char* name) const;

 private:
  const nlohmann::json* find(const char* name) const;
  void wrong(const char* name, const char* wanted) const;

  const nlohmann::json& document_;
  std::string& problem_;
};

}  // namespace kiln::scaling
