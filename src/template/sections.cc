#include "template/sections.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/ascii.h"
#include "template/include.h"

namespace kiln::cfn {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kSections = {"AWSTemplateFormatVersion"sv,
                                  "Conditions"sv,
                                  "Description"sv,
                                  "Globals"sv,
                                  "Hooks"sv,
                                  "Mappings"sv,
                                  "Metadata"sv,
                                  "Outputs"sv,
                                  "Parameters"sv,
                                  "Resources"sv,
                                  "Rules"sv,
                                  "Transform"sv};
// The first is done by this folder, of the second the functions are there that it brings.
constexpr std::array kTransforms = {"AWS::Serverless-2016-10-31"sv, "AWS::LanguageExtensions"sv};
constexpr size_t kMaxDescription = 1024;  // bytes
constexpr size_t kMaxName = 255;
constexpr size_t kMaxConditions = 1000;  // CloudFormation names none; this keeps reading quick

bool is_alphanumeric(std::string_view text) {
  return std::all_of(text.begin(), text.end(), ascii::is_alnum);
}

class SectionReader {
 public:
  explicit SectionReader(std::vector<Problem>& problems) : problems_(problems) {}

  Template read(const Node& root) {
    Template out;
    for (const Member& section : root.map) {
      if (std::find(kSections.begin(), kSections.end(), section.name) == kSections.end())
        wrong(section.place, "Invalid template property or properties [" + section.name + "]");
      else if (section.value.kind != Node::Kind::kNull)  // told of already
        read_section(section, out);
    }
    const Node* resources = root.find("Resources");
    const bool is_empty = !resources || resources->kind == Node::Kind::kNull ||
                          (resources->is_map() && resources->map.empty());
    if (is_empty)
      wrong(resources ? resources->place : Place{},
            "At least one Resources member must be defined.");
    return out;
  }

 private:
  void wrong(Place place, const std::string& message) { report(problems_, place, message); }

  void read_section(const Member& section, Template& out) {
    const Node& value = section.value;
    const std::string& name = section.name;
    if (name == "AWSTemplateFormatVersion") {
      if (scalar_text(value) != "2010-09-09")
        wrong(value.place, "unsupported value for AWSTemplateFormatVersion: '" +
                               scalar_text(value) + "'; it is 2010-09-09");
    } else if (name == "Description") {
      if (!value.is_text())
        wrong(value.place, "Description must be a text");
      else if (value.text.size() > kMaxDescription)
        wrong(value.place, "'Description' length is greater than " +
                               std::to_string(kMaxDescription) + ": it has " +
                               std::to_string(value.text.size()) + " bytes");
      out.description = value.text;
    } else if (name == "Transform") {
      read_transforms(value, out);
    } else if (!value.is_map()) {
      wrong(value.place, name == "Resources" ? "Any Resources member must be an object."
                                             : name + " must be a map");
    } else if (name == "Metadata") {
      out.metadata = value;
    } else if (name == "Rules") {
      read_rules(value, out);
    } else if (name == "Mappings") {
      read_mappings(value, out);
    } else if (name == "Parameters") {
      limit(value, kMaxParameters, "parameters");
      for (const Member& member : value.map)
        if (is_name(member, "Parameter name "))
          out.parameters.push_back(read_parameter(member, problems_));
    } else if (name == "Conditions") {
      limit(value, kMaxConditions, "conditions");
      for (const Member& member : value.map)
        if (is_condition_name(member)) out.conditions.emplace_back(member.name, member.value);
    } else if (name == "Resources") {
      limit(value, kMaxResources, "resources");
      for (const Member& member : value.map)
        if (is_name(member, "Resource name "))
          out.resources.push_back(read_resource(member, problems_));
    } else if (name == "Outputs") {
      limit(value, kMaxOutputs, "outputs");
      for (const Member& member : value.map)
        if (is_name(member, "Outputs name ")) out.outputs.push_back(read_output(member, problems_));
    }
  }

  // AWS takes any other characters in a condition's name, as it does not in the other sections.
  bool is_condition_name(const Member& member) {
    return member.name.empty() || member.name.size() > kMaxName || member.name.starts_with("Fn::")
               ? is_name(member, "Conditions name ")
               : true;
  }

  // Fn::ForEach is the one name with colons.
  bool is_name(const Member& member, const std::string& what) {
    if (member.name.starts_with("Fn::"))
      wrong(member.place, member.name + " needs `Transform: AWS::LanguageExtensions`");
    else if (member.name.empty() || !is_alphanumeric(member.name))
      wrong(member.place, what + member.name + " is non alphanumeric.");
    else if (member.name.size() > kMaxName)
      wrong(member.place, what + member.name.substr(0, 20) + "… is longer than " +
                              std::to_string(kMaxName) + " characters");
    else
      return true;
    return false;
  }

  void limit(const Node& map, size_t most, const char* what) {
    if (map.map.size() > most)
      wrong(map.place, "Number of " + std::string(what) + ", " + std::to_string(map.map.size()) +
                           ", is greater than maximum allowed, " + std::to_string(most));
  }

  void read_transforms(const Node& value, Template& out) {
    const auto add = [&](const Node& one) {
      // The name of a macro, with AWS's text.
      const Node* name = one.is_map() ? one.find("Name") : nullptr;
      if (name && !name->is_text()) {
        problems_.push_back({"Key Name of transform definition must be a string.", one.place});
        return;
      }
      const Node& transform = name ? *name : one;
      if (!transform.is_text())
        return wrong(one.place, "Transform must be a text or a list of texts");
      out.transforms.push_back(transform.text);
      if (one.text == kIncludeTransform && one.place.line == 0) return;  // it was carried out
      if (std::find(kTransforms.begin(), kTransforms.end(), transform.text) == kTransforms.end())
        wrong(one.place, "No transform named " + transform.text + " found; there are " +
                             std::string(kTransforms[0]) + " and " + std::string(kTransforms[1]));
    };
    if (!value.is_list()) return add(value);
    for (const Node& one : value.list) add(one);
  }

  void read_rules(const Node& value, Template& out) {
    for (const Member& rule : value.map) {
      const Node* assertions = rule.value.find("Assertions");
      if (!assertions || !assertions->is_list()) {
        wrong(rule.place, "the rule " + rule.name + " must have a list of Assertions");
        continue;
      }
      for (const Node& assertion : assertions->list)
        if (!assertion.find("Assert"))
          wrong(assertion.place, "an assertion of the rule " + rule.name + " has no Assert");
    }
    out.rules = value;
  }

  // Texts and lists of texts, two levels down; no functions.
  void read_mappings(const Node& value, Template& out) {
    limit(value, kMaxMappings, "mappings");
    out.mappings = value;
    for (const Member& mapping : value.map) {
      if (!mapping.value.is_map()) {
        wrong(mapping.place, "Every Mappings member " + mapping.name + " must be a map");
        continue;
      }
      for (const Member& key : mapping.value.map) {
        if (!key.value.is_map()) {
          wrong(key.place, "Every Mappings member " + key.name + " must be a map");
          continue;
        }
        for (const Member& entry : key.value.map) check_entry(entry.value);
      }
    }
  }

  void check_entry(const Node& value) {
    const auto is_scalar = [](const Node& node) { return !node.is_list() && !node.is_map(); };
    if (!is_scalar(value) &&
        !(value.is_list() && std::all_of(value.list.begin(), value.list.end(), is_scalar)))
      wrong(value.place, "Every Mappings attribute must be a String or a List.");
  }

  std::vector<Problem>& problems_;
};

}  // namespace

void report(std::vector<Problem>& problems, Place place, const std::string& message) {
  problems.push_back({"Template format error: " + message, place});
}

std::string scalar_text(const Node& node) {
  return node.is_list() || node.is_map() ? std::string() : node.text;
}

Template read_sections(const Node& root, std::vector<Problem>& problems) {
  return SectionReader(problems).read(root);
}

}  // namespace kiln::cfn
