// Reads a document that Kiln has stored: the first member that is missing or of another kind stays
// as the problem, and whatever is read reads as empty from there on.
//
//   std::string problem;
//   DocumentReader in(document, problem);
//   record.name = in.get<std::string>("name");
//   in.get_if("retries", record.retries);
//   for (const DocumentReader& use : in.list("uses")) record.uses.push_back(use.get<int>("id"));
//   if (!problem.empty()) return damaged(problem);
//
// Keeps references to both; not thread-safe.
#pragma once

#include <concepts>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace kiln {

class DocumentReader {
 public:
  DocumentReader(const Json& document, std::string& problem)
      : document_(document), problem_(problem) {}

  // Present and not null.
  bool has(std::string_view name) const;
  // T: bool, an integer, double, std::string, a vector or a map of them, or Json.
  template <class T>
  T get(std::string_view name) const {
    T out{};
    if (!read(document_.at(name), out)) fail(name);
    return out;
  }
  // Leaves `field` as it is when the member is absent or null.
  template <class T>
  void get_if(std::string_view name, T& field) const {
    if (has(name) && !read(document_.at(name), field)) fail(name);
  }

  DocumentReader object(std::string_view name) const;
  std::vector<DocumentReader> list(std::string_view name) const;
  std::vector<std::pair<std::string, DocumentReader>> members(std::string_view name) const;

  const Json& document() const { return document_; }
  // "its member NAME is missing", or of another kind; what is wrong already stays.
  void fail(std::string_view name) const;

 private:
  static bool read(const Json& value, bool& out);
  static bool read(const Json& value, double& out);
  static bool read(const Json& value, std::string& out);
  static bool read(const Json& value, Json& out);
  template <JsonInteger T>
  static bool read(const Json& value, T& out) {
    const auto integer = value.integer<T>();
    out = integer.value_or(out);
    return integer.has_value();
  }
  template <class T>
  static bool read(const Json& value, std::vector<T>& out) {
    out.clear();
    for (const Json& item : value)
      if (!read(item, out.emplace_back())) return false;
    return value.is_array();
  }
  template <class T>
  static bool read(const Json& value, std::map<std::string, T>& out) {
    out.clear();
    for (const auto& [name, member] : value.members())
      if (!read(member, out[name])) return false;
    return value.is_object();
  }

  const Json& document_;
  std::string& problem_;
};

}  // namespace kiln
