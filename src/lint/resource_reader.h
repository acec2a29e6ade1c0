// Reads the properties of one resource, each with its place.
//
//   ResourceReader in(stack, resource, values);
//   Setting<int64_t> timeout = in.integer({"Timeout"});
//   Setting<std::string> name = in.text({"Metrics", "0", "Id"});
//
// A path names members of maps and positions in lists. Numbers may be written as texts and texts as
// numbers, as CloudFormation takes them. An evaluation that fails makes the value unknown and is
// kept in error(). Not thread-safe; keeps references.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lint/model.h"
#include "lint/stack_values.h"
#include "template/template.h"

namespace kiln::lint {

Origin origin_of(size_t stack, const cfn::Resource& resource);

class ResourceReader {
 public:
  using Path = std::vector<std::string>;

  ResourceReader(size_t stack, const cfn::Resource& resource, StackValues& values);

  const Origin& origin() const { return origin_; }
  // The text of a property, or the stand-in of what AWS will choose.
  std::string name(const std::string& property);
  Setting<std::string> text(const Path& path);
  Setting<int64_t> integer(const Path& path);
  Setting<double> number(const Path& path);
  bool has(const Path& path);
  bool is_unknown(const Path& path);
  // Of a list or a map; nullopt: neither, or unknown.
  std::optional<size_t> list_size(const Path& path);
  std::vector<std::string> members(const Path& path);
  // Of the property, or of what is nearest to it in the file.
  cfn::Place place(const Path& path) const;

  const std::optional<Error>& error() const { return error_; }

 private:
  // nullptr: absent. A text with kUnknown in it: unknown.
  const nlohmann::json* find(const Path& path);

  const cfn::Resource& resource_;
  StackValues& values_;
  Origin origin_;
  std::map<std::string, nlohmann::json> evaluated_;  // by property
  std::optional<Error> error_;
};

}  // namespace kiln::lint
