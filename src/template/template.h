// A CloudFormation template, read and checked: syntax, sections, functions, references, cycles. A
// SAM template is transformed here; what comes out has plain resources.
//
//   Reading reading = read_template(text);
//   if (!reading.ok()) for (const Problem& problem : reading.problems) …
//
// Pure functions on hostile input: size, depth, number of nodes and of YAML's aliases are limited.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "template/node.h"

namespace kiln::cfn {

// CloudFormation's limits.
inline constexpr size_t kMaxTemplateBytes = 1'048'576;  // of a template in S3; 51,200 in a request
inline constexpr size_t kMaxResources = 500;
inline constexpr size_t kMaxParameters = 200;
inline constexpr size_t kMaxOutputs = 200;
inline constexpr size_t kMaxMappings = 200;

struct Parameter {
  std::string name;
  std::string
      type;  // "String", "Number", "CommaDelimitedList", "AWS::SSM::Parameter::Value<String>", …
  std::optional<std::string> default_value;
  std::string description;
  std::string constraint_description;
  std::vector<std::string> allowed_values;
  std::string allowed_pattern;
  std::optional<double> min_value, max_value;
  std::optional<uint64_t> min_length, max_length;
  bool no_echo = false;
  Place place;
};

enum class Policy { kDelete, kRetain, kRetainExceptOnCreate, kSnapshot };

struct Resource {
  std::string logical_id;
  std::string type;  // "AWS::Lambda::Function"
  Node properties;   // a map, functions in it
  std::vector<std::string> depends_on;
  std::string condition;  // "": always
  Policy deletion_policy = Policy::kDelete;
  Policy update_replace_policy = Policy::kDelete;
  Node metadata;
  Place place;  // of the logical id
  Place type_place;
};

struct Output {
  std::string name;
  std::string description;
  Node value;
  std::optional<Node> export_name;
  std::string condition;
  Place place;
};

struct Template {
  std::string description;
  Node metadata;
  std::vector<Parameter> parameters;
  Node rules;     // a map
  Node mappings;  // a map
  std::vector<std::pair<std::string, Node>> conditions;
  std::vector<Resource> resources;
  std::vector<Output> outputs;
  std::vector<std::string> transforms;  // as the file names them

  const Parameter* parameter(std::string_view name) const;
  const Resource* resource(std::string_view logical_id) const;
  // What SAM's transform left whole although AWS's makes several resources of it, this one among
  // them: "Graph" of "GraphSchema". nullptr: there is none.
  const Resource* whole_of(std::string_view part) const;
};

// Whether the transform left it whole: deployments refuse it by name, or leave it out.
bool is_left_whole(const Resource& resource);

struct Reading {
  std::optional<Template> parsed;
  std::vector<Problem> problems;  // when there is no template: at least one
  std::vector<Problem> notes;     // what is taken otherwise than it looks, or without effect
  // Why a change set of this template fails, where AWS finds the problems while it processes it;
  // "": AWS refuses the template at once.
  std::string processing_failure;
  // Parameters with neither a value nor a default, where the problems may be that alone.
  std::vector<std::string> valueless;

  bool ok() const { return parsed.has_value(); }
};

// `parameters`: values that are known, which the SAM transform puts in where it needs a text; it
// goes by the defaults of the others.
Reading read_template(std::string_view text,
                      const std::map<std::string, std::string>& parameters = {});

// The sections of a template as they are written: no transform is carried out, and nothing is
// checked but the parameters. Resources and outputs may be wrong. nullopt: the text or the
// parameters are.
std::optional<Template> read_as_written(std::string_view text);

// The template with its transforms carried out and everything else as it is. REQUIRES:
// read_template reads it.
nlohmann::json processed_template(std::string_view text,
                                  const std::map<std::string, std::string>& parameters = {});

// "line 12, column 3: message"; without a place the message alone.
std::string text_of(const Problem& problem);

// The resources that each one needs before it: by DependsOn, Ref, GetAtt and Sub. Of those that are
// in the template only.
std::map<std::string, std::vector<std::string>> dependencies(const Template& parsed);

}  // namespace kiln::cfn
