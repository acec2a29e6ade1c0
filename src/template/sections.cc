#include "template/sections.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace kiln::cfn {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kSections = {
    "AWSTemplateFormatVersion"sv, "Conditions"sv, "Description"sv, "Globals"sv, "Hooks"sv,
    "Mappings"sv, "Metadata"sv, "Outputs"sv, "Parameters"sv, "Resources"sv, "Rules"sv,
    "Transform"sv};
constexpr std::array kResourceMembers = {
    "Condition"sv, "CreationPolicy"sv, "DeletionPolicy"sv, "DependsOn"sv, "Description"sv,
    "Metadata"sv, "Properties"sv, "Type"sv, "UpdatePolicy"sv, "UpdateReplacePolicy"sv};
constexpr size_t kMaxDescription = 1024;
constexpr size_t kMaxLogicalId = 255;
constexpr size_t kMaxConditions = 1000;  // CloudFormation names none; this keeps reading quick

class Reader {
 public:
  explicit Reader(std::vector<Problem>& problems) : problems_(problems) {}

  Template read(const Node& root) {
    Template out;
    for (const Member& section : root.map) {
      if (std::find(kSections.begin(), kSections.end(), section.name) == kSections.end()) {
        wrong(section.place, "Invalid template property or properties [" + section.name + "]");
        continue;
      }
      read_section(section, out);
    }
    if (!root.find("Resources") || root.find("Resources")->map.empty())
      wrong(root.find("Resources") ? root.find("Resources")->place : Place{},
            "At least one Resources member must be defined.");
    return out;
  }

 private:
  void wrong(Place place, const std::string& message) {
    problems_.push_back({"Template format error: " + message, place});
  }

  void read_section(const Member& section, Template& out) {
    const Node& value = section.value;
    const std::string& name = section.name;
    if (name == "AWSTemplateFormatVersion") {
      if (scalar(value) != "2010-09-09")
        wrong(value.place, "AWSTemplateFormatVersion '" + value.text +
                               "' is not supported; it is 2010-09-09");
    } else if (name == "Description") {
      if (!value.is_text())
        wrong(value.place, "Description must be a text");
      else if (value.text.size() > kMaxDescription)
        wrong(value.place, "Template description must not be longer than " +
                               std::to_string(kMaxDescription) + " characters");
      out.description = value.text;
    } else if (name == "Transform") {
      read_transforms(value, out);
    } else if (name != "Globals" && name != "Hooks") {
      if (!value.is_map()) return wrong(value.place, name + " must be a map");
      if (name == "Metadata") out.metadata = value;
      if (name == "Rules") out.rules = value;
      if (name == "Mappings") read_mappings(value, out);
      if (name == "Parameters") read_parameters(value, out);
      if (name == "Conditions") read_conditions(value, out);
      if (name == "Resources") read_resources(value, out);
      if (name == "Outputs") read_outputs(value, out);
    }
  }

  static std::string scalar(const Node& node) {
    return node.is_list() || node.is_map() ? std::string() : node.text;
  }

  void read_transforms(const Node& value, Template& out) {
    const auto add = [&](const Node& one) {
      if (!one.is_text()) return wrong(one.place, "Transform must be a text or a list of texts");
      out.transforms.push_back(one.text);
      if (one.text != "AWS::Serverless-2016-10-31")
        wrong(one.place, "Transform " + one.text +
                             " is not known here; AWS::Serverless-2016-10-31 is");
    };
    if (!value.is_list()) return add(value);
    for (const Node& one : value.list) add(one);
  }

  void limit(const Node& map, size_t most, const char* what) {
    if (map.map.size() > most)
      wrong(map.place, "Number of " + std::string(what) + ", " + std::to_string(map.map.size()) +
                           ", is greater than maximum allowed, " + std::to_string(most));
  }

  void read_mappings(const Node& value, Template& out) {
    limit(value, kMaxMappings, "mappings");
    for (const Member& mapping : value.map) {
      const bool two_levels =
          mapping.value.is_map() &&
          std::all_of(mapping.value.map.begin(), mapping.value.map.end(),
                      [](const Member& key) { return key.value.is_map(); });
      if (!two_levels)
        wrong(mapping.place, "Every Mappings member must be a map of maps: " + mapping.name);
    }
    out.mappings = value;
  }

  void read_conditions(const Node& value, Template& out) {
    limit(value, kMaxConditions, "conditions");
    for (const Member& condition : value.map)
      out.conditions.emplace_back(condition.name, condition.value);
  }

  void read_parameters(const Node& value, Template& out) {
    limit(value, kMaxParameters, "parameters");
    for (const Member& member : value.map) {
      if (!is_logical_id(member)) continue;
      if (!member.value.is_map()) {
        wrong(member.place, "Every Parameters member must be a map: " + member.name);
        continue;
      }
      out.parameters.push_back(read_parameter(member));
    }
  }

  Parameter read_parameter(const Member& member) {
    Parameter out;
    out.name = member.name;
    out.place = member.place;
    for (const Member& field : member.value.map) {
      const Node& value = field.value;
      const std::string text = scalar(value);
      if (field.name == "AllowedValues") {
        if (!value.is_list()) wrong(value.place, "AllowedValues must be a list: " + member.name);
        for (const Node& allowed : value.list) out.allowed_values.push_back(scalar(allowed));
      } else if (value.is_list() || value.is_map()) {
        wrong(value.place, field.name + " of the parameter " + member.name + " must be a text");
      } else if (field.name == "Type") {
        out.type = text;
      } else if (field.name == "Default") {
        out.default_value = text;
      } else if (field.name == "Description") {
        out.description = text;
      } else if (field.name == "ConstraintDescription") {
        out.constraint_description = text;
      } else if (field.name == "AllowedPattern") {
        out.allowed_pattern = text;
      } else if (field.name == "NoEcho") {
        out.no_echo = text == "true" || text == "True";
      } else if (field.name == "MinValue") {
        out.min_value = number<double>(field);
      } else if (field.name == "MaxValue") {
        out.max_value = number<double>(field);
      } else if (field.name == "MinLength") {
        out.min_length = number<uint64_t>(field);
      } else if (field.name == "MaxLength") {
        out.max_length = number<uint64_t>(field);
      } else {
        wrong(field.place, "Invalid template parameter property '" + field.name + "'");
      }
    }
    if (out.type.empty())
      wrong(member.place, "Every Parameters object must contain a Type member: " + member.name);
    else if (!is_parameter_type(out.type))
      wrong(member.place, "Unrecognized parameter type: " + out.type);
    return out;
  }

  template <class Number>
  std::optional<Number> number(const Member& field) {
    const std::string text = scalar(field.value);
    Number out{};
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (code == std::errc() && end == text.data() + text.size() && !text.empty()) return out;
    wrong(field.value.place, field.name + " must be a number: " + text);
    return std::nullopt;
  }

  static bool is_parameter_type(const std::string& type) {
    static constexpr std::array kPlain = {"String"sv, "Number"sv, "List<Number>"sv,
                                          "CommaDelimitedList"sv, "List<String>"sv};
    // AWS::EC2::VPC::Id, List<AWS::EC2::Subnet::Id>, AWS::SSM::Parameter::Value<String>
    return std::find(kPlain.begin(), kPlain.end(), type) != kPlain.end() ||
           type.starts_with("AWS::") || type.starts_with("List<AWS::");
  }

  bool is_logical_id(const Member& member) {
    const bool fine = !member.name.empty() && member.name.size() <= kMaxLogicalId &&
                      std::all_of(member.name.begin(), member.name.end(),
                                  [](unsigned char c) { return std::isalnum(c) != 0; });
    if (!fine) wrong(member.place, "'" + member.name + "' is invalid: names are alphanumeric");
    return fine;
  }

  void read_resources(const Node& value, Template& out) {
    limit(value, kMaxResources, "resources");
    for (const Member& member : value.map) {
      if (!is_logical_id(member)) continue;
      if (!member.value.is_map()) {
        wrong(member.place, "Every Resources member must be a map: " + member.name);
        continue;
      }
      out.resources.push_back(read_resource(member));
    }
  }

  Resource read_resource(const Member& member) {
    Resource out;
    out.logical_id = member.name;
    out.place = member.place;
    out.properties.kind = Node::Kind::kMap;
    for (const Member& field : member.value.map) {
      const Node& value = field.value;
      if (field.name == "Type") {
        if (!value.is_text()) wrong(value.place, "Type must be a text: " + member.name);
        out.type = value.text;
        out.type_place = value.place;
      } else if (field.name == "Properties") {
        if (!value.is_map()) wrong(value.place, "Properties must be a map: " + member.name);
        out.properties = value;
      } else if (field.name == "DependsOn") {
        read_depends_on(member.name, value, out);
      } else if (field.name == "Condition") {
        if (!value.is_text()) wrong(value.place, "Condition must be a text: " + member.name);
        out.condition = value.text;
      } else if (field.name == "DeletionPolicy") {
        out.deletion_policy = policy(field);
      } else if (field.name == "UpdateReplacePolicy") {
        out.update_replace_policy = policy(field);
      } else if (field.name == "Metadata") {
        out.metadata = value;
      } else if (std::find(kResourceMembers.begin(), kResourceMembers.end(), field.name) ==
                 kResourceMembers.end()) {
        wrong(field.place, "Invalid resource attribute " + field.name + " of " + member.name);
      }
    }
    if (out.type.empty())
      wrong(member.place, "[/Resources/" + member.name + "] Every Resources object must contain a "
                          "Type member.");
    return out;
  }

  void read_depends_on(const std::string& id, const Node& value, Resource& out) {
    if (value.is_text()) {
      out.depends_on.push_back(value.text);
      return;
    }
    if (!value.is_list())
      return wrong(value.place, "DependsOn must be a text or a list of texts: " + id);
    for (const Node& one : value.list) {
      if (!one.is_text()) return wrong(one.place, "DependsOn must be a list of texts: " + id);
      out.depends_on.push_back(one.text);
    }
  }

  Policy policy(const Member& field) {
    static constexpr std::pair<std::string_view, Policy> kPolicies[] = {
        {"Delete", Policy::kDelete},
        {"Retain", Policy::kRetain},
        {"RetainExceptOnCreate", Policy::kRetainExceptOnCreate},
        {"Snapshot", Policy::kSnapshot}};
    for (const auto& [name, policy] : kPolicies)
      if (field.value.is_text() && field.value.text == name) return policy;
    wrong(field.value.place, "Unrecognized " + field.name + " " + field.value.text);
    return Policy::kDelete;
  }

  void read_outputs(const Node& value, Template& out) {
    limit(value, kMaxOutputs, "outputs");
    for (const Member& member : value.map) {
      if (!is_logical_id(member)) continue;
      if (!member.value.is_map()) {
        wrong(member.place, "Every Outputs member must be a map: " + member.name);
        continue;
      }
      Output output;
      output.name = member.name;
      output.place = member.place;
      const Node* its_value = member.value.find("Value");
      if (!its_value) {
        wrong(member.place, "Output " + member.name +
                                " is malformed. The Value field of every Outputs member must be "
                                "specified.");
        continue;
      }
      output.value = *its_value;
      if (const Node* description = member.value.find("Description"))
        output.description = scalar(*description);
      if (const Node* condition = member.value.find("Condition"))
        output.condition = scalar(*condition);
      if (const Node* exported = member.value.find("Export")) {
        const Node* name = exported->find("Name");
        if (!name) {
          wrong(exported->place, "Output " + member.name +
                                     " is malformed. The Name field of every Export member must be "
                                     "specified and consist of a string.");
          continue;
        }
        output.export_name = *name;
      }
      out.outputs.push_back(std::move(output));
    }
  }

  std::vector<Problem>& problems_;
};

}  // namespace

Template read_sections(const Node& root, std::vector<Problem>& problems) {
  return Reader(problems).read(root);
}

}  // namespace kiln::cfn
