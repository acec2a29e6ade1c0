// SAM templates for tests, and what is read of them. Only for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "template/template.h"

namespace kiln::cfn {

// Resources of one template, indented by two.
inline std::string sam(const std::string& resources, const std::string& sections = "") {
  return "Transform: AWS::Serverless-2016-10-31\n" + sections + "Resources:\n" + resources;
}

inline std::string function(const std::string& properties, const std::string& id = "Orders") {
  return "  " + id +
         ":\n    Type: AWS::Serverless::Function\n    Properties:\n"
         "      Handler: bootstrap\n      Runtime: provided.al2023\n" +
         properties;
}

inline const std::string code_uri = "      CodeUri: s3://code/orders.zip\n";

inline Template read(const std::string& text) {
  Reading reading = read_template(text);
  for (const Problem& problem : reading.problems) ADD_FAILURE() << text_of(problem) << "\n" << text;
  return reading.ok() ? std::move(*reading.parsed) : Template{};
}

inline std::vector<std::string> problems(const std::string& text) {
  std::vector<std::string> out;
  const Reading reading = read_template(text);
  for (const Problem& problem : reading.problems) out.push_back(text_of(problem));
  EXPECT_NE(reading.ok(), !out.empty());
  return out;
}

inline std::vector<std::string> types(const Template& parsed) {
  std::vector<std::string> out;
  for (const Resource& resource : parsed.resources)
    out.push_back(resource.logical_id + " " + resource.type.substr(sizeof("AWS::") - 1));
  return out;
}

inline const Resource& resource(const Template& parsed, const std::string& id) {
  static const Resource none;
  const Resource* found = parsed.resource(id);
  if (!found) ADD_FAILURE() << "no resource " << id;
  return found ? *found : none;
}

inline nlohmann::json properties(const Template& parsed, const std::string& id) {
  return to_json(resource(parsed, id).properties);
}

// The one version's id.
inline std::string version_id(const Template& parsed) {
  for (const Resource& each : parsed.resources)
    if (each.type == "AWS::Lambda::Version") return each.logical_id;
  return {};
}

}  // namespace kiln::cfn
