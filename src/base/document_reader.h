// Reads a document that Kiln has stored: the first member that is missing or of another kind stays
// as the problem, and whatever is read reads as empty from there on.
//
//   std::string problem;
//   const nlohmann::json document = json_parse(text);
//   const DocumentReader in(document, problem);
//   in.read("name", record.name);
//   in.read_if("retries", record.retries);
//   for (const DocumentReader& use : in.list("uses")) record.uses.push_back(use.get<int>("id"));
//   if (!problem.empty()) return damaged(problem);
//
// Keeps references to both; not thread-safe.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace kiln {

class DocumentReader {
 public:
  DocumentReader(const nlohmann::json& document, std::string& problem)
      : document_(document), problem_(problem) {}

  // Present and not null.
  bool has(std::string_view name) const { return !member(name).is_null(); }
  // T: bool, an integer, double, std::string, a WallTime in milliseconds, a document, or a vector,
  // a map, or, where null stands for none, an optional of them.
  template <class T>
  void read(std::string_view name, T& field) const {
    if (const nlohmann::json* value = find(name); !value || !from(*value, field)) fail(name);
  }
  template <class T>
  T get(std::string_view name) const {
    T out{};
    read(name, out);
    return out;
  }
  // Leaves `field` as it is when the member is absent or null.
  template <class T>
  void read_if(std::string_view name, T& field) const {
    if (const nlohmann::json& value = member(name); !value.is_null() && !from(value, field))
      fail(name);
  }
  // The element of a document that is a list.
  template <class T>
  T item(size_t index) const {
    T out{};
    if (!document_.is_array() || index >= document_.size() || !from(document_[index], out))
      fail_item(index);
    return out;
  }

  DocumentReader object(std::string_view name) const;
  std::vector<DocumentReader> list(std::string_view name) const;
  std::vector<std::pair<std::string, DocumentReader>> members(std::string_view name) const;

  const nlohmann::json& document() const { return document_; }
  // "its member NAME is missing", or of another kind; what is wrong already stays.
  void fail(std::string_view name) const;

 private:
  const nlohmann::json* find(std::string_view name) const;
  const nlohmann::json& member(std::string_view name) const;
  void fail_item(size_t index) const;

  static bool from(const nlohmann::json& value, bool& out);
  static bool from(const nlohmann::json& value, double& out);
  static bool from(const nlohmann::json& value, std::string& out);
  static bool from(const nlohmann::json& value, nlohmann::json& out);
  static bool from(const nlohmann::json& value, WallTime& out);
  // Without a fraction; false outside of it.
  static bool whole(const nlohmann::json& value, int64_t& out);
  static bool whole(const nlohmann::json& value, uint64_t& out);
  template <std::integral T>
  static bool from(const nlohmann::json& value, T& out) {
    std::conditional_t<std::signed_integral<T>, int64_t, uint64_t> number = 0;
    if (!whole(value, number) || !std::in_range<T>(number)) return false;
    out = static_cast<T>(number);
    return true;
  }
  template <class T>
  static bool from(const nlohmann::json& value, std::optional<T>& out) {
    if (!value.is_null()) return from(value, out.emplace());
    out.reset();
    return true;
  }
  template <class T>
  static bool from(const nlohmann::json& value, std::vector<T>& out) {
    out.clear();
    if (!value.is_array()) return false;
    for (const nlohmann::json& item : value)
      if (!from(item, out.emplace_back())) return false;
    return true;
  }
  template <class T>
  static bool from(const nlohmann::json& value, std::map<std::string, T>& out) {
    out.clear();
    if (!value.is_object()) return false;
    for (const auto& [name, member] : value.items())
      if (!from(member, out[name])) return false;
    return true;
  }

  const nlohmann::json& document_;
  std::string& problem_;
};

}  // namespace kiln
