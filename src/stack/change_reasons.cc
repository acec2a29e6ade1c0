#include "stack/change_reasons.h"

#include <algorithm>
#include <set>

#include "template/evaluate.h"
#include "template/functions.h"
#include "template/parameter_type.h"

namespace kiln::stack {
namespace {

using Source = ChangeReason::Source;
using Evaluation = ChangeReason::Evaluation;
using Told = ChangeReason::Told;

// What a value of the template refers to.
struct Reference {
  std::string name;       // of the parameter or resource
  std::string attribute;  // "": Ref

  std::string entity() const { return attribute.empty() ? name : name + "." + attribute; }
  bool operator<(const Reference& other) const {
    return std::pair(name, attribute) < std::pair(other.name, other.attribute);
  }
};

std::set<Reference> references_of(const cfn::Node& node) {
  std::set<Reference> out;
  cfn::visit_functions(node, cfn::Within::kValues, [&](const cfn::FunctionUse& use) {
    if (!cfn::shape_problem(use).empty()) return;
    if (use.name == "Ref") out.insert({use.argument.text, ""});
    if (use.name == "Fn::GetAtt") {
      const cfn::Attribute attribute = cfn::attribute_of(use.argument);
      out.insert({attribute.resource, attribute.attribute});
    }
    if (use.name != "Fn::Sub") return;
    for (const std::string& name : cfn::sub_references(use.argument)) {
      const size_t dot = name.find('.');
      out.insert({name.substr(0, dot), dot == std::string::npos ? "" : name.substr(dot + 1)});
    }
  });
  return out;
}

bool asks_resources(const cfn::Node& node, const cfn::Template& parsed) {
  const auto all = references_of(node);
  return std::any_of(all.begin(), all.end(), [&](const Reference& reference) {
    return parsed.resource(reference.name) != nullptr;
  });
}

// `value` is that of `node`; the functions in it that ask for resources become unknown.
void hide_values(const cfn::Node& node, const cfn::Template& parsed, nlohmann::json& value) {
  const bool is_map = node.is_map() && !cfn::find_function(node, cfn::Within::kValues).member;
  if (is_map && value.is_object()) {
    for (const cfn::Member& member : node.map)
      if (value.contains(member.name)) hide_values(member.value, parsed, value[member.name]);
  } else if (node.is_list() && value.is_array() && value.size() == node.list.size()) {
    for (size_t i = 0; i < node.list.size(); ++i) hide_values(node.list[i], parsed, value[i]);
  } else if (asks_resources(node, parsed)) {
    value = cfn::kUnknown;
  }
}

// How a resource of the stack comes out of the plan.
enum class Fate { kMade, kReplaced, kModified };

class Teller {
 public:
  Teller(std::vector<Change>& changes, const ChangedTemplate& changed)
      : changes_(changes), changed_(changed) {}

  void tell() {
    for (Change& change : changes_) by_id_[change.logical_id] = &change;
    std::vector<Change> potential;
    // In the order in which they are needed, so that what may change passes on.
    for (const std::string& id : order()) {
      const auto found = by_id_.find(id);
      const cfn::Resource* resource = changed_.parsed.resource(id);
      if (found != by_id_.end()) {
        if (found->second->action == Change::Action::kModify) {
          tell(*found->second, *resource);
          add_potential(*found->second, *resource);
        }
        fates_[id] = fate_of(*found->second);
        continue;
      }
      Change maybe = unchanged(id, resource->type);
      add_potential(maybe, *resource);
      if (maybe.reasons.empty()) continue;
      fates_[id] = Fate::kModified;
      maybe.policy = resource->update_replace_policy;
      potential.push_back(std::move(maybe));
    }
    std::move(potential.begin(), potential.end(), std::back_inserter(changes_));
  }

 private:
  // The resources of the new template that are in the stack or in the plan, each after what it
  // needs.
  std::vector<std::string> order() const {
    auto needs = cfn::dependencies(changed_.parsed);
    std::vector<std::string> out, open;
    std::set<std::string> begun, done;
    for (const cfn::Resource& resource : changed_.parsed.resources) {
      open = {resource.logical_id};
      while (!open.empty()) {
        const std::string id = open.back();
        if (begun.insert(id).second) {
          for (const std::string& need : needs[id])
            if (!begun.contains(need)) open.push_back(need);
          continue;
        }
        open.pop_back();
        if (done.insert(id).second && (by_id_.contains(id) || changed_.resources.contains(id)))
          out.push_back(id);
      }
    }
    return out;
  }

  static Fate fate_of(const Change& change) {
    if (change.action == Change::Action::kAdd) return Fate::kMade;
    return change.replacement == Change::Replacement::kYes ? Fate::kReplaced : Fate::kModified;
  }

  void tell(Change& change, const cfn::Resource& resource) {
    for (const std::string& name : change.properties) {
      const cfn::Node* value = resource.properties.find(name);
      bool indirect = false;
      if (value)
        for (const Reference& reference : references_of(*value))
          indirect = tell(change, name, reference) || indirect;
      ChangeReason direct{Source::kDirectModification, name, "", Evaluation::kStatic,
                          Told::kAlways};
      if (indirect) {
        direct.evaluation = Evaluation::kDynamic;
        const bool by_parameter =
            std::any_of(change.reasons.begin(), change.reasons.end(), [&](const auto& reason) {
              return reason.property == name && reason.source == Source::kParameterReference;
            });
        // Of a resource that others refer to, AWS tells the reference alone.
        if (!by_parameter) direct.told = Told::kWithValues;
      }
      change.reasons.push_back(std::move(direct));
    }
    tell_metadata(change, resource);
  }

  // Metadata alone is no change here.
  void tell_metadata(Change& change, const cfn::Resource& resource) const {
    bool indirect = false;
    for (const Reference& reference : references_of(resource.metadata))
      if (changed_.parsed.parameter(reference.name))
        indirect = tell(change, "", reference) || indirect;
    if (indirect)
      change.reasons.push_back(
          {Source::kDirectModification, "", "", Evaluation::kDynamic, Told::kAlways});
  }

  // Whether the property's new value may come from this reference.
  bool tell(Change& change, const std::string& property, const Reference& reference) const {
    if (changed_.parsed.parameter(reference.name)) {
      if (!parameter_changed(reference.name)) return false;
      change.reasons.push_back({Source::kParameterReference, property, reference.name,
                                Evaluation::kStatic, Told::kAlways});
      return true;
    }
    const auto fate = fates_.find(reference.name);
    if (fate == fates_.end() || fate->second == Fate::kModified) return false;
    change.reasons.push_back(
        {reference.attribute.empty() ? Source::kResourceReference : Source::kResourceAttribute,
         property, reference.entity(), Evaluation::kStatic, Told::kAlways});
    return true;
  }

  bool parameter_changed(const std::string& name) const {
    const auto before = changed_.values_before.find(name);
    const auto after = changed_.values_after.find(name);
    // What the Parameter Store has now is no other value of the stack's parameter, which names it.
    if (cfn::names_ssm_parameter(changed_.parsed.parameter(name)->type))
      return before != changed_.values_before.end() && after != changed_.values_after.end() &&
             before->second != after->second;
    if (before == changed_.values_before.end() || after == changed_.values_after.end()) return true;
    return before->second != after->second;
  }

  // What refers to an attribute of a resource that changes without being replaced: the value is the
  // old one until the deployment.
  void add_potential(Change& change, const cfn::Resource& resource) const {
    for (const cfn::Member& member : resource.properties.map) {
      const auto& certain = change.properties;
      if (!change.is_potential &&
          std::find(certain.begin(), certain.end(), member.name) != certain.end())
        continue;
      for (const Reference& reference : references_of(member.value)) {
        const auto fate = fates_.find(reference.name);
        if (reference.attribute.empty() || fate == fates_.end() || fate->second != Fate::kModified)
          continue;
        change.reasons.push_back({Source::kResourceAttribute, member.name, reference.entity(),
                                  Evaluation::kDynamic, Told::kWithoutValues});
      }
    }
  }

  Change unchanged(const std::string& id, const std::string& type) const {
    Change change;
    change.action = Change::Action::kModify;
    change.is_potential = true;
    change.logical_id = id;
    change.type = type;
    const auto found = changed_.resources.find(id);
    if (found != changed_.resources.end()) change.physical_id = found->second.physical_id;
    return change;
  }

  std::vector<Change>& changes_;
  const ChangedTemplate& changed_;
  std::map<std::string, Change*> by_id_;
  std::map<std::string, Fate> fates_;
};

}  // namespace

void tell_reasons(std::vector<Change>& changes, const ChangedTemplate& changed) {
  Teller(changes, changed).tell();
}

void hide_references(std::vector<Change>& changes, const cfn::Template& before) {
  for (Change& change : changes) {
    const cfn::Resource* resource = before.resource(change.logical_id);
    if (change.action == Change::Action::kRemove && resource)
      hide_values(resource->properties, before, change.before);
  }
}

}  // namespace kiln::stack
