#include "stack/resolve.h"

#include <algorithm>

#include "base/json_access.h"
#include "base/left_out_reason.h"
#include "base/mutex.h"
#include "base/near_word.h"
#include "stack/attributes.h"
#include "stack/coerce.h"
#include "stack/dynamic_reference.h"
#include "stack/leave_out.h"
#include "stack/near_type.h"
#include "stack/skipped_type.h"
#include "stack/validation_error.h"
#include "template/serverless.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

bool has_capability(const Wish& wish, std::string_view name) {
  return std::find(wish.capabilities.begin(), wish.capabilities.end(), name) !=
         wish.capabilities.end();
}

// "; did you mean Runtime?", or nothing.
std::string near_property(const ResourceType& type, std::string_view name) {
  std::vector<std::string> known;
  for (const Property& property : type.properties()) known.emplace_back(property.name);
  const std::string near = near_word(name, known);
  return near.empty() ? "" : "; did you mean " + near + "?";
}

bool has_property(const ResourceType& type, std::string_view name) {
  const auto all = type.properties();
  return std::any_of(all.begin(), all.end(), [&](const Property& p) { return p.name == name; });
}

// The stack's tags go to every resource that can have some; its own win.
void add_stack_tags(json& properties, const std::map<std::string, std::string>& tags) {
  json& own = properties["Tags"];
  if (own.is_null()) own = json::array();
  if (!own.is_array()) return;
  for (const auto& [key, value] : tags) {
    const bool there = std::any_of(own.begin(), own.end(), [&key = key](const json& tag) {
      return tag.is_object() && text_of(tag, "Key") == key;
    });
    if (!there) own.push_back({{"Key", key}, {"Value", value}});
  }
}

// AWS names the block, and begins in another way where it is not that of the resources.
Error in_outputs(Error error) {
  const auto replace = [&](std::string_view from, std::string_view to) {
    const size_t at = error.message.find(from);
    if (at != std::string::npos) error.message.replace(at, from.size(), to);
    return at != std::string::npos;
  };
  if (replace("Template format error: Unresolved resource", "Unresolved resource"))
    (void)replace("in the Resources block", "in the Outputs block");
  return error;
}

cfn::Surroundings remembering(cfn::Surroundings surroundings, std::set<std::string>& imports) {
  surroundings.import_value =
      [&imports, ask = std::move(surroundings.import_value)](const std::string& name) {
        imports.insert(name);
        return ask ? ask(name) : std::nullopt;
      };
  return surroundings;
}

}  // namespace

std::string Wanted::reason() const { return (is_skipped(*type) ? kLeftOutReason : "") + note; }

Resolver::Resolver(const cfn::Template& parsed, cfn::Surroundings surroundings, const Wish& wish,
                   FetchTemplate fetch)
    : template_(parsed),
      wish_(wish),
      fetch_(std::move(fetch)),
      account_(surroundings.account),
      evaluator_(parsed, remembering(std::move(surroundings), imports_)) {}

Error Resolver::at(cfn::Place place, const std::string& message) const {
  return validation_error(cfn::text_of(cfn::Problem{message, place}));
}

Result<void> Resolver::check(bool asks_for_macros) {
  std::vector<std::string> unknown, names;
  bool makes_roles = false, names_roles = false;
  for (const cfn::Resource& resource : template_.resources) {
    if (!type_for(resource.type, wish_.unsupported)) {
      const std::string place = resource.type_place.line
                                    ? ", line " + std::to_string(resource.type_place.line)
                                    : std::string();
      unknown.push_back(resource.type + " (" + resource.logical_id + place + ")");
      names.push_back(resource.type);
    }
    if (resource.type.starts_with("AWS::IAM::")) {
      makes_roles = true;
      for (const char* name : {"RoleName", "ManagedPolicyName", "UserName", "GroupName"})
        names_roles = names_roles || resource.properties.find(name) != nullptr;
    }
  }
  if (!unknown.empty()) {
    const auto& transforms = template_.transforms;
    const bool sam =
        std::find(transforms.begin(), transforms.end(), cfn::kSamTransform) != transforms.end();
    std::string advice = advice_for_types(names, sam);
    if (advice.empty())
      advice =
          "Kiln's stacks hold functions and what is around them; `kiln deploy --skip-unsupported` "
          "leaves these out";
    return validation_error("Template format error: Unrecognized resource types: [" +
                            joined(unknown) + "]. " + advice);
  }
  const bool named = has_capability(wish_, "CAPABILITY_NAMED_IAM");
  if (names_roles && !named)
    return Error{ErrorKind::kInvalid, "InsufficientCapabilitiesException",
                 "Requires capabilities : [CAPABILITY_NAMED_IAM]"};
  if (makes_roles && !named && !has_capability(wish_, "CAPABILITY_IAM"))
    return Error{ErrorKind::kInvalid, "InsufficientCapabilitiesException",
                 "Requires capabilities : [CAPABILITY_IAM]"};
  if (asks_for_macros && !template_.transforms.empty() &&
      !has_capability(wish_, "CAPABILITY_AUTO_EXPAND"))
    return Error{ErrorKind::kInvalid, "InsufficientCapabilitiesException",
                 "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"};
  if (wish_.unsupported == Wish::Unsupported::kRefuse) {
    std::string secure;
    for (const cfn::Resource& resource : template_.resources)
      for (const std::string& each : secure_references(resource))
        secure += (secure.empty() ? "" : ",") + each;
    if (!secure.empty())
      return validation_error("SSM Secure reference is not supported in: [" + secure + "]");
  }
  const MutexLock lock(mutex_);
  using Unanswered = cfn::Evaluator::Unanswered;
  return evaluator_.check_rules(
      wish_.unsupported == Wish::Unsupported::kSkip ? Unanswered::kKept : Unanswered::kRefused);
}

Result<std::map<std::string, std::vector<std::string>>> Resolver::graph() {
  auto needs = cfn::dependencies(template_);
  std::map<std::string, std::vector<std::string>> out;
  const MutexLock lock(mutex_);
  for (const cfn::Resource& resource : template_.resources) {
    const auto exists = evaluator_.exists(resource.condition);
    if (!exists) return exists.error();
    if (*exists) out.emplace(resource.logical_id, std::move(needs[resource.logical_id]));
  }
  return out;
}

Result<void> Resolver::check_properties(const cfn::Resource& resource, const ResourceType& type,
                                        const json& properties) const {
  for (const auto& [name, value] : properties.items()) {
    if (type.is_custom() || has_property(type, name)) continue;
    cfn::Place place = resource.place;
    for (const cfn::Member& member : resource.properties.map)
      if (member.name == name) place = member.place;
    return at(place, "Properties validation failed for resource " + resource.logical_id +
                         " with message: #: extraneous key [" + name + "] is not permitted" +
                         near_property(type, name));
  }
  for (const Property& property : type.properties()) {
    if (property.need == Need::kOptional || properties.contains(property.name)) continue;
    return at(resource.place, "Properties validation failed for resource " + resource.logical_id +
                                  " with message: #: required key [" + std::string(property.name) +
                                  "] not found");
  }
  return {};
}

std::optional<std::string> Resolver::unreadable(const json& properties) const {
  const std::string url = text_of(properties, "TemplateURL");
  if (!fetch_ || url.empty() || cfn::is_unknown(url)) return std::nullopt;
  const auto text = fetch_(url);
  if (text) return std::nullopt;
  return "its template " + url + " can't be read: " + text.error().message;
}

Result<Wanted> Resolver::wanted(const std::string& logical_id) {
  const cfn::Resource* resource = template_.resource(logical_id);
  KILN_REQUIRE(resource != nullptr);
  Wanted out;
  out.type = type_for(resource->type, wish_.unsupported);
  KILN_REQUIRE(out.type != nullptr);
  const bool skips = wish_.unsupported == Wish::Unsupported::kSkip;
  if (is_skipped(*out.type)) {
    // Whatever its properties refer to, nothing is made of them.
    out.properties = json::object();
    out.note = "stacks of Kiln can't hold " + resource->type;
    return out;
  }
  auto evaluated = [&] {
    const MutexLock lock(mutex_);
    return evaluator_.value(resource->properties);
  }();
  if (!evaluated) return evaluated.error();
  out.properties = evaluated->is_object() ? std::move(*evaluated) : json::object();
  if (skips) {
    LeftOut left = leave_out(*out.type, account_, out.properties, vpc_policy());
    if (!left.whole && out.type->name() == kStackType) left.whole = unreadable(out.properties);
    if (left.whole) {
      out.type = &skipped_type();
      out.properties = json::object();
      out.note = *left.whole;
      return out;
    }
    for (const std::string& part : left.parts)
      out.note += (out.note.empty() ? "Without " : ", ") + part;
    write_out_skipped(out.properties);
  } else if (auto fine = check_holdable(*out.type, account_, out.properties, vpc_policy()); !fine) {
    return at(resource->place, "Properties validation failed for resource " + logical_id +
                                   " with message: " + fine.error().message);
  }
  if (const std::string recorded = recorded_note(*out.type, out.properties); !recorded.empty())
    out.note += (out.note.empty() ? "" : "; ") + recorded;
  if (auto fine = check_properties(*resource, *out.type, out.properties); !fine)
    return fine.error();
  // What members of these are called is up to others.
  const bool is_open = out.type->is_custom() || out.type->name() == kStackType;
  auto fitting = is_open ? Result<json>(out.properties) : coerced(out.properties);
  if (!fitting)
    return at(resource->place, "Properties validation failed for resource " + logical_id +
                                   " with message: " + fitting.error().message);
  out.properties = std::move(*fitting);
  if (!wish_.tags.empty() && has_property(*out.type, "Tags"))
    add_stack_tags(out.properties, wish_.tags);
  const std::string name(out.type->name_property());
  if (!name.empty()) out.given_name = text_of(out.properties, name.c_str());
  if (cfn::is_unknown(out.given_name)) out.given_name.clear();
  return out;
}

Result<std::vector<StackOutput>> Resolver::outputs() {
  std::vector<StackOutput> out;
  const MutexLock lock(mutex_);
  for (const cfn::Output& output : template_.outputs) {
    const auto exists = evaluator_.exists(output.condition);
    if (!exists) return exists.error();
    if (!*exists) continue;
    auto value = evaluator_.value(output.value);
    if (!value) return in_outputs(value.error());
    write_out_skipped(*value);
    if (value->is_structured())
      return at(output.place, "Template format error: Output " + output.name +
                                  " is malformed. The Value field must be a string.");
    StackOutput made{output.name, value->is_string() ? json_text(*value) : json_dump(*value),
                     output.description, ""};
    if (output.export_name) {
      auto name = evaluator_.value(*output.export_name);
      if (!name) return name.error();
      write_out_skipped(*name);
      if (!name->is_string() || json_text(*name).empty())
        return at(output.place, "Template format error: Output " + output.name +
                                    " is malformed. The Name field of every Export member must be "
                                    "specified and consist of a string.");
      made.export_name = json_text(*name);
    }
    out.push_back(std::move(made));
  }
  return out;
}

std::vector<std::string> Resolver::imports() {
  const MutexLock lock(mutex_);
  return {imports_.begin(), imports_.end()};
}

const ResourceType* type_for(const std::string& name, Wish::Unsupported unsupported) {
  const ResourceType* type = find_resource_type(name);
  return type || unsupported == Wish::Unsupported::kRefuse ? type : &skipped_type();
}

std::vector<std::string> changed_properties(const json& before, const json& after) {
  std::set<std::string> names;
  for (const json* side : {&before, &after})
    for (const auto& item : side->items())
      if (differs(before, after, item.key().c_str())) names.insert(item.key());
  return {names.begin(), names.end()};
}

bool replaces(const ResourceType& type, const std::vector<std::string>& changed) {
  const auto all = type.properties();
  return std::any_of(all.begin(), all.end(), [&](const Property& property) {
    return property.on_change == OnChange::kReplace &&
           std::find(changed.begin(), changed.end(), property.name) != changed.end();
  });
}

Result<json> value_of(const StackResource& resource, const std::string& attribute) {
  if (says_skipped(resource.attributes) || !find_resource_type(resource.type))
    return skipped_value(resource.logical_id, attribute);
  if (attribute.empty()) return json(resource.physical_id);
  if (const auto found = resource.attributes.find(attribute); found != resource.attributes.end())
    return *found;
  const ResourceType& type = *find_resource_type(resource.type);
  if (type.is_custom())
    return Error{ErrorKind::kInvalid, "ValidationError",
                 "CustomResource attribute error: Vendor response doesn't contain " + attribute +
                     " attribute in object " + resource.logical_id};
  if (!has_attribute(type, attribute)) return unknown_attribute(resource.logical_id, attribute);
  // A property, or a member of one: "TracingConfig.Mode".
  const json* value = &resource.properties;
  for (size_t start = 0; value && start <= attribute.size();) {
    const size_t end = std::min(attribute.find('.', start), attribute.size());
    const std::string member = attribute.substr(start, end - start);
    value = value->is_object() && value->contains(member) ? &value->at(member) : nullptr;
    start = end + 1;
  }
  if (value) return *value;
  return Error{ErrorKind::kInvalid, "ValidationError",
               "Attribute '" + attribute + "' does not exist: the resource " + resource.logical_id +
                   " has no such property in its template"};
}

}  // namespace kiln::stack
