#include "base/document_reader.h"

namespace kiln {

bool DocumentReader::has(std::string_view name) const { return !document_.at(name).is_null(); }

void DocumentReader::fail(std::string_view name) const {
  if (!problem_.empty()) return;
  if (!document_.is_object()) {
    problem_ = std::string("it is not an object but of type ") + document_.kind_name();
    return;
  }
  const Json* found = document_.find(name);
  problem_ = "its member \"" + std::string(name) + "\" is " +
             (found ? std::string("of the wrong type (") + found->kind_name() + ")" : "missing");
}

DocumentReader DocumentReader::object(std::string_view name) const {
  if (!document_.at(name).is_object()) fail(name);
  return {document_.at(name), problem_};
}

std::vector<DocumentReader> DocumentReader::list(std::string_view name) const {
  std::vector<DocumentReader> out;
  const Json& items = document_.at(name);
  if (!items.is_array()) fail(name);
  out.reserve(items.size());
  for (const Json& item : items) out.emplace_back(item, problem_);
  return out;
}

std::vector<std::pair<std::string, DocumentReader>> DocumentReader::members(
    std::string_view name) const {
  std::vector<std::pair<std::string, DocumentReader>> out;
  const Json& object = document_.at(name);
  if (!object.is_object()) fail(name);
  for (const auto& [key, value] : object.members())
    out.emplace_back(key, DocumentReader(value, problem_));
  return out;
}

bool DocumentReader::read(const Json& value, bool& out) {
  out = value.boolean().value_or(out);
  return value.is_boolean();
}

bool DocumentReader::read(const Json& value, double& out) {
  out = value.number().value_or(out);
  return value.is_number();
}

bool DocumentReader::read(const Json& value, std::string& out) {
  out = value.text();
  return value.is_text();
}

bool DocumentReader::read(const Json& value, Json& out) {
  out = value;
  return true;
}

}  // namespace kiln
