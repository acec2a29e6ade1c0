// Fields: reads the members of a request's document and remembers the first one of the wrong type.
//
//   Fields fields(body);
//   const auto sid = fields.text("StatementId");       // nullopt: absent or null
//   if (auto read = fields.result(); !read) return read.error();
//
// A member of the wrong type reads as absent and makes result() a SerializationException that names
// it. Threading: one thread. Ownership: borrows the document. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace kiln::services {

class Fields {
 public:
  explicit Fields(const nlohmann::json& document) : document_(document) {}

  std::optional<std::string> text(const char* name);
  std::optional<int> integer(const char* name);
  bool flag(const char* name);  // absent: false
  std::optional<std::vector<std::string>> texts(const char* name);
  std::optional<std::map<std::string, std::string>> text_map(const char* name);
  std::optional<std::map<std::string, double>> number_map(const char* name);
  // nullptr: absent or null.
  const nlohmann::json* object(const char* name);
  // Whether the member says anything: not absent, null, or empty.
  bool says(const char* name) const;

  Result<void> result() const;

 private:
  const nlohmann::json* find(const char* name) const;
  void wrong_type(const std::string& name, const nlohmann::json& value, const char* wanted);

  const nlohmann::json& document_;
  std::optional<Error> error_;
};

}  // namespace kiln::services
