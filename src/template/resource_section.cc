// One member of Resources, and one of Outputs.
#include <algorithm>
#include <array>

#include "template/functions.h"
#include "template/sections.h"

namespace kiln::cfn {
namespace {

using std::string_view_literals::operator""sv;

// Those that are taken and have no effect here; Version is of custom resources.
constexpr std::array kOtherMembers = {"CreationPolicy"sv, "Description"sv, "UpdatePolicy"sv,
                                      "Version"sv};

constexpr std::pair<std::string_view, Policy> kPolicies[] = {
    {"Delete", Policy::kDelete},
    {"Retain", Policy::kRetain},
    {"RetainExceptOnCreate", Policy::kRetainExceptOnCreate},
    {"Snapshot", Policy::kSnapshot}};

class ResourceReader {
 public:
  ResourceReader(const Member& member, std::vector<Problem>& problems)
      : member_(member), problems_(problems) {
    out_.logical_id = member.name;
    out_.place = member.place;
    out_.properties.kind = Node::Kind::kMap;
    out_.properties.place = member.place;
  }

  Resource read() {
    if (!member_.value.is_map()) {
      if (member_.value.kind != Node::Kind::kNull)
        wrong(member_.place, "Every Resources member must be a map: " + member_.name);
      return out_;
    }
    for (const Member& field : member_.value.map) read_field(field);
    if (out_.type.empty())
      wrong(member_.place,
            "[/Resources/" + member_.name + "] Every Resources object must contain a Type member.");
    return std::move(out_);
  }

 private:
  void wrong(Place place, const std::string& message) { report(problems_, place, message); }

  void read_field(const Member& field) {
    const Node& value = field.value;
    if (field.name == "Type") {
      if (!value.is_text()) wrong(value.place, "Type must be a text: " + member_.name);
      out_.type = value.text;
      out_.type_place = value.place;
    } else if (field.name == "Properties") {
      if (value.is_map())
        out_.properties = value;
      else if (value.kind != Node::Kind::kNull)
        wrong(value.place, "[/Resources/" + member_.name + "] Properties must be a map");
    } else if (field.name == "DependsOn") {
      read_depends_on(value);
    } else if (field.name == "Condition") {
      if (!value.is_text()) wrong(value.place, "Every Condition member must be a string.");
      out_.condition = scalar_text(value);
    } else if (field.name == "DeletionPolicy") {
      out_.deletion_policy = policy(field);
    } else if (field.name == "UpdateReplacePolicy") {
      out_.update_replace_policy = policy(field);
      if (out_.update_replace_policy == Policy::kRetainExceptOnCreate)
        wrong(value.place, "Unrecognized UpdateReplacePolicy RetainExceptOnCreate");
    } else if (field.name == "Metadata") {
      out_.metadata = value;
    } else if (std::find(kOtherMembers.begin(), kOtherMembers.end(), field.name) ==
               kOtherMembers.end()) {
      problems_.push_back({"Invalid template resource property '" + field.name + "'", field.place});
    }
  }

  void read_depends_on(const Node& value) {
    const auto add = [&](const Node& one) {
      if (one.is_text())
        out_.depends_on.push_back(one.text);
      else
        wrong(one.place, "DependsOn of " + member_.name + " must be a text or a list of texts");
    };
    if (!value.is_list()) return add(value);
    for (const Node& one : value.list) add(one);
  }

  Policy policy(const Member& field) {
    for (const auto& [name, policy] : kPolicies)
      if (field.value.is_text() && field.value.text == name) return policy;
    wrong(field.value.place,
          "Unrecognized " + field.name + " " + scalar_text(field.value) + " of " + member_.name);
    return Policy::kDelete;
  }

  const Member& member_;
  std::vector<Problem>& problems_;
  Resource out_;
};

}  // namespace

Resource read_resource(const Member& member, std::vector<Problem>& problems) {
  return ResourceReader(member, problems).read();
}

Output read_output(const Member& member, std::vector<Problem>& problems) {
  Output out;
  out.name = member.name;
  out.place = member.place;
  const auto malformed = [&](Place place, const std::string& why) {
    report(problems, place, "Output " + member.name + " is malformed. " + why);
  };
  if (!member.value.is_map()) {
    if (member.value.kind != Node::Kind::kNull)
      malformed(member.place, "Every Outputs member must be a map.");
    return out;
  }
  for (const Member& field : member.value.map) {
    if (field.name == "Value") {
      out.value = field.value;
    } else if (field.name == "Description") {
      out.description = scalar_text(field.value);
    } else if (field.name == "Condition") {
      if (!field.value.is_text())
        report(problems, field.value.place, "Every Condition member must be a string.");
      out.condition = scalar_text(field.value);
    } else if (field.name == "Export") {
      if (const Node* name = field.value.find("Name"))
        out.export_name = *name;
      else
        malformed(field.value.place,
                  "The Name field of every Export member must be specified and consist of a "
                  "string.");
    } else {
      malformed(field.place, "Unexpected field " + field.name + ".");
    }
  }
  const Node* value = member.value.find("Value");
  if (!value)
    report(problems, member.place, "Every Outputs member must contain a Value object");
  else if (value->is_list() || (value->is_map() && !find_function(*value, Within::kValues).member))
    malformed(value->place, "The Value field of every Outputs member must evaluate to a String.");
  return out;
}

}  // namespace kiln::cfn
