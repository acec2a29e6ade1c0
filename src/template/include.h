// AWS::Include: what stands at a Location is put in the place of the transform, before all other
// transforms.
//
//   Include include = [&](const std::string& location) { return fetch(location); };
//   expand_includes(root, parameters, include, problems);
//
// What is included may be anything; how much of it is limited. Pure but for `include`.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "template/template.h"

namespace kiln::cfn {

// The text at a location, "s3://bucket/key" or whatever the template says; nullopt: this can't be
// known here, and nothing is put in its place.
using Include = std::function<std::optional<Result<std::string>>(const std::string& location)>;

inline constexpr const char* kIncludeTransform = "AWS::Include";
inline constexpr size_t kMaxIncludes = 100;
inline constexpr size_t kMaxIncludedBytes = 1'048'576;  // of all together

struct Included {
  size_t done = 0;
  size_t unknown = 0;  // of which the template is incomplete
};
// `parameters`: values that are given; else a parameter has its default.
Included expand_includes(Node& root, const std::map<std::string, std::string>& parameters,
                         const Include& include, std::vector<Problem>& problems);

// read_template, processed_template and read_as_written with AWS::Include carried out; without
// `include` that transform is refused, and read_as_written leaves it.
Reading read_template(std::string_view text, const std::map<std::string, std::string>& parameters,
                      const Include& include);
nlohmann::json processed_template(std::string_view text,
                                  const std::map<std::string, std::string>& parameters,
                                  const Include& include);
std::optional<Template> read_as_written(std::string_view text, const Include& include);

// Calls `visit` with each Location that is a text.
void visit_locations(Node& root, const std::function<void(Node& location)>& visit);

}  // namespace kiln::cfn
