// What the parts of a template refer to: whether it is there, whether it may stand where it stands,
// and whether it goes round in circles.
#include <algorithm>
#include <map>
#include <set>

#include "template/functions.h"
#include "template/problem_text.h"
#include "template/sections.h"

namespace kiln::cfn {
namespace {

enum class Block { kConditions, kRules, kResources, kOutputs };

// As CloudFormation's messages name it.
const char* name_of(Block block) {
  switch (block) {
    case Block::kConditions:
      return "Conditions";
    case Block::kRules:
      return "Rules";
    case Block::kResources:
      return "Resources";
    case Block::kOutputs:
      return "Outputs";
  }
  return "";
}

// Where a function stands.
struct Where {
  Block block;
  const Resource* resource = nullptr;

  // Conditions and rules come before there are any.
  bool has_resources() const { return block == Block::kResources || block == Block::kOutputs; }
  std::string name() const { return name_of(block); }
};

class Checker {
 public:
  Checker(const Template& parsed, std::vector<Problem>& problems)
      : template_(parsed), problems_(problems) {
    for (const auto& [name, condition] : parsed.conditions) conditions_.insert(name);
    for (const Parameter& parameter : parsed.parameters) parameters_.insert(parameter.name);
    for (const Resource& resource : parsed.resources) resources_.insert(resource.logical_id);
  }

  void check() {
    for (const auto& [name, condition] : template_.conditions)
      check_condition(condition, {Block::kConditions});
    check_rules();
    for (const Resource& resource : template_.resources) check_resource(resource);
    for (const Output& output : template_.outputs) {
      check_condition_name(output.condition, output.place);
      check_value(output.value, {Block::kOutputs});
      if (output.export_name) check_value(*output.export_name, {Block::kOutputs});
    }
    check_circles();
  }

 private:
  void wrong(Place place, std::string message) { problems_.push_back({std::move(message), place}); }

  void check_resource(const Resource& resource) {
    const Where where{Block::kResources, &resource};
    if (parameters_.contains(resource.logical_id))
      wrong(resource.place, "Template format error: " + resource.logical_id +
                                " is the name of a parameter and of a resource");
    check_condition_name(resource.condition, resource.place);
    check_value(resource.properties, where);
    for (const std::string& name : resource.depends_on) {
      if (name == resource.logical_id)
        needs_itself(resource, resource.place);
      else if (!resources_.contains(name))
        unresolved(name, resource.place, where);
    }
  }

  void check_condition_name(const std::string& name, Place place) {
    if (!name.empty() && !conditions_.contains(name))
      wrong(place, "Template format error: Unresolved condition dependency " + name);
  }

  void check_rules() {
    const Where where{Block::kRules};
    for (const Member& rule : template_.rules.map) {
      if (const Node* when = rule.value.find("RuleCondition")) check_condition(*when, where);
      const Node* assertions = rule.value.find("Assertions");
      if (!assertions) continue;
      for (const Node& assertion : assertions->list)
        if (const Node* assert = assertion.find("Assert")) check_condition(*assert, where);
    }
  }

  void check_condition(const Node& node, const Where& where) {
    const Found found = find_function(node, Within::kConditions);
    if (!found.member) {
      const bool literal = (node.kind == Node::Kind::kBool || node.is_text()) &&
                           (node.text == "true" || node.text == "false");
      if (!literal)
        wrong(node.place, "Template format error: every " + where.name() +
                              " member must be a boolean function: Fn::And, Fn::Or, Fn::Not, "
                              "Fn::Equals or Condition");
      return;
    }
    const FunctionUse use{found.member->name, found.member->value, found.member->place};
    if (!is_fine(use, found)) return;
    const bool rule_function = is_rule_function(use.name);
    if (!is_condition_function(use.name) && !(rule_function && where.block == Block::kRules))
      return wrong(use.place, "Template error: " + std::string(use.name) +
                                  " can't stand for a condition in " + where.name());
    if (use.name == "Condition") return check_condition_name(use.argument.text, use.place);
    for (const Node& part : use.argument.list) {
      if (use.name == "Fn::Equals" || rule_function)
        check_value(part, where);
      else
        check_condition(part, where);
    }
  }

  bool is_fine(const FunctionUse& use, const Found& found) {
    std::string problem = found.alone ? shape_problem(use)
                                      : "Template format error: " + std::string(use.name) +
                                            " must be the only key of its map";
    if (problem.empty()) return true;
    wrong(use.place, std::move(problem));
    return false;
  }

  void check_value(const Node& node, const Where& where) {
    const Found found = find_function(node, Within::kValues);
    if (found.member) {
      const FunctionUse use{found.member->name, found.member->value, found.member->place};
      if (is_fine(use, found)) check_use(use, where);
    }
    for (const Node& item : node.list) check_value(item, where);
    for (const Member& member : node.map) check_value(member.value, where);
  }

  void check_use(const FunctionUse& use, const Where& where) {
    if (is_condition_function(use.name) || is_rule_function(use.name)) {
      wrong(use.place, "Template error: " + std::string(use.name) +
                           " gives no value; give it a name in Conditions and use Fn::If");
    } else if (use.name == "Ref") {
      check_name(use.argument.text, use.place, where);
    } else if (use.name == "Fn::GetAtt") {
      const std::string name = attribute_of(use.argument).resource;
      if (!where.has_resources())
        no_resources(name, use.place, where);
      else if (!is_resource(name))
        wrong(use.place,
              "Template error: instance of Fn::GetAtt references undefined resource " + name);
      else
        check_itself(name, use.place, where);
    } else if (use.name == "Fn::Sub") {
      for (const std::string& name : sub_references(use.argument)) {
        const size_t dot = name.find('.');
        check_name(name.substr(0, dot), use.place, where, dot != std::string::npos);
      }
    } else if (use.name == "Fn::If") {
      const Node& name = use.argument.list[0];
      if (!name.is_text() || !conditions_.contains(name.text))
        wrong(use.place,
              "Template error: unresolved condition dependency " + name.text + " in Fn::If");
    } else if (use.name == "Fn::FindInMap") {
      const Node& name = use.argument.list[0];
      if (name.is_text() && !template_.mappings.find(name.text) && use.argument.list.size() < 4)
        wrong(use.place, "Template error: Mapping named '" + name.text +
                             "' is not present in the 'Mappings' section of template.");
    }
  }

  bool is_resource(const std::string& name) const {
    return resources_.contains(name) || template_.whole_of(name);
  }

  // `attribute`: one of it is asked for, which only resources have.
  void check_name(const std::string& name, Place place, const Where& where,
                  bool attribute = false) {
    if (!attribute && (is_pseudo_parameter(name) || parameters_.contains(name))) return;
    if (!is_resource(name)) return unresolved(name, place, where);
    if (!where.has_resources()) return no_resources(name, place, where);
    check_itself(name, place, where);
  }

  void check_itself(const std::string& name, Place place, const Where& where) {
    if (where.resource && where.resource->logical_id == name) needs_itself(*where.resource, place);
  }

  void needs_itself(const Resource& resource, Place place) {
    wrong(place, "Circular dependency between resources: [" + resource.logical_id + "]");
  }

  void no_resources(const std::string& name, Place place, const Where& where) {
    wrong(place, "Template format error: Unresolved dependencies [" + name +
                     "]. Cannot reference resources in the " + where.name() +
                     " block of the template");
  }

  // Each name once in a block.
  void unresolved(const std::string& name, Place place, const Where& where) {
    if (!unresolved_.emplace(where.block, name).second) return;
    wrong(place, "Template format error: Unresolved resource dependencies [" + name + "] in the " +
                     where.name() + " block of the template");
  }

  void check_circles() {
    Needs needs;
    for (const auto& [name, condition] : template_.conditions)
      needs[name] = condition_names(condition);
    if (const auto circle = find_circle(needs); !circle.empty()) {
      const auto first =
          std::find_if(template_.conditions.begin(), template_.conditions.end(),
                       [&](const auto& condition) { return condition.first == circle.front(); });
      wrong(first->second.place,
            "Template format error: Found circular condition dependency between " + joined(circle));
    }
    if (const auto circle = find_circle(dependencies(template_)); !circle.empty())
      wrong(template_.resource(circle.front())->place,
            "Circular dependency between resources: [" + joined(circle) + "]");
  }

  const Template& template_;
  std::vector<Problem>& problems_;
  std::set<std::string, std::less<>> conditions_, parameters_, resources_;
  std::set<std::pair<Block, std::string>> unresolved_;
};

}  // namespace

void check_references(const Template& parsed, std::vector<Problem>& problems) {
  Checker(parsed, problems).check();
}

}  // namespace kiln::cfn
