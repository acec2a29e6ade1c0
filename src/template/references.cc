// What the parts of a template refer to: whether it is there, and whether it goes round in circles.
#include <algorithm>
#include <functional>
#include <set>

#include "template/functions.h"
#include "template/sections.h"

namespace kiln::cfn {
namespace {

class Checker {
 public:
  Checker(const Template& parsed, std::vector<Problem>& problems)
      : template_(parsed), problems_(problems) {}

  void check() {
    for (const auto& [name, condition] : template_.conditions)
      check_values(condition, Within::kConditions, "Conditions");
    check_condition_cycles();
    for (const Resource& resource : template_.resources) check_resource(resource);
    for (const Output& output : template_.outputs) {
      check_condition_name(output.condition, output.place);
      check_values(output.value, Within::kValues, "Outputs");
      if (output.export_name) check_values(*output.export_name, Within::kValues, "Outputs");
    }
    for (const char* block : {"Resources", "Outputs", "Conditions"}) report_unresolved(block);
    if (problems_.empty()) check_cycles();
  }

 private:
  void wrong(Place place, std::string message) { problems_.push_back({std::move(message), place}); }

  void check_resource(const Resource& resource) {
    check_condition_name(resource.condition, resource.place);
    check_values(resource.properties, Within::kValues, "Resources");
    for (const std::string& name : resource.depends_on)
      if (!template_.resource(name))
        wrong(resource.place,
              "Template format error: Unresolved resource dependencies [" + name +
                  "] in the Resources block of the template");
  }

  void check_condition_name(const std::string& name, Place place) {
    if (!name.empty() && !has_condition(name))
      wrong(place, "Template format error: Unresolved condition dependency " + name);
  }

  bool has_condition(std::string_view name) const {
    return std::any_of(template_.conditions.begin(), template_.conditions.end(),
                       [&](const auto& condition) { return condition.first == name; });
  }

  void check_values(const Node& node, Within within, const char* block) {
    visit_functions(node, within, [&](const FunctionUse& use) {
      if (std::string problem = shape_problem(use); !problem.empty())
        return wrong(use.place, std::move(problem));
      check_use(use, within, block);
    });
    check_alone(node, within);
  }

  // A function shares its map with nothing.
  void check_alone(const Node& node, Within within) {
    if (const Found found = find_function(node, within); found.member && !found.alone)
      wrong(found.member->place,
            "Template format error: " + found.member->name + " must be the only key of its map");
    for (const Node& item : node.list) check_alone(item, within);
    for (const Member& member : node.map) check_alone(member.value, within);
  }

  void check_use(const FunctionUse& use, Within within, const char* block) {
    if (use.name == "Ref") {
      check_name(use.argument.text, use.place, within, block);
    } else if (use.name == "Fn::GetAtt") {
      const Attribute attribute = attribute_of(use.argument);
      if (!template_.resource(attribute.resource))
        wrong(use.place, "Template error: instance of Fn::GetAtt references undefined resource " +
                             attribute.resource);
    } else if (use.name == "Fn::Sub") {
      const bool list = use.argument.is_list();
      for (const SubPart& part : sub_parts(list ? use.argument.list[0].text : use.argument.text)) {
        if (part.kind != SubPart::Kind::kVariable) continue;
        if (list && use.argument.list[1].find(part.text)) continue;
        const size_t dot = part.text.find('.');
        if (dot == std::string::npos)
          check_name(part.text, use.place, within, block);
        else if (!template_.resource(std::string_view(part.text).substr(0, dot)))
          unresolved_[block].emplace(part.text.substr(0, dot), use.place);
      }
    } else if (use.name == "Fn::If") {
      const Node& name = use.argument.list[0];
      if (!name.is_text() || !has_condition(name.text))
        wrong(use.place, "Template error: unresolved condition dependency " + name.text +
                             " in Fn::If");
    } else if (use.name == "Condition") {
      check_condition_name(use.argument.text, use.place);
    } else if (use.name == "Fn::FindInMap") {
      const Node& name = use.argument.list[0];
      if (name.is_text() && !template_.mappings.find(name.text))
        wrong(use.place, "Template error: Mapping named '" + name.text +
                             "' is not present in the 'Mappings' section of template.");
    }
  }

  void check_name(const std::string& name, Place place, Within within, const char* block) {
    if (is_pseudo_parameter(name) || template_.parameter(name)) return;
    if (within == Within::kValues && template_.resource(name)) return;
    if (within == Within::kConditions && template_.resource(name))
      return wrong(place, "Template error: conditions can't refer to resources: " + name);
    unresolved_[block].emplace(name, place);
  }

  // All of a block in one message, as CloudFormation has it.
  void report_unresolved(const char* block) {
    const auto& names = unresolved_[block];
    if (names.empty()) return;
    std::string list;
    for (const auto& [name, place] : names) list += (list.empty() ? "" : ", ") + name;
    wrong(names.begin()->second, "Template format error: Unresolved resource dependencies [" +
                                     list + "] in the " + block + " block of the template");
  }

  void check_condition_cycles() {
    std::map<std::string, std::vector<std::string>> needs;
    for (const auto& [name, condition] : template_.conditions) {
      auto& its = needs[name];
      visit_functions(condition, Within::kConditions, [&, &all = its](const FunctionUse& use) {
        if (use.name == "Condition" && use.argument.is_text()) all.push_back(use.argument.text);
      });
    }
    const auto circle = find_circle(needs);
    if (circle.empty()) return;
    Place place;
    for (const auto& [name, condition] : template_.conditions)
      if (name == circle.front()) place = condition.place;
    wrong(place, "Template format error: Found circular condition dependency between " +
                     joined(circle));
  }

  void check_cycles() {
    const auto circle = find_circle(dependencies(template_));
    if (circle.empty()) return;
    wrong(template_.resource(circle.front())->place,
          "Circular dependency between resources: [" + joined(circle) + "]");
  }

  static std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
  }

  // The names of one circle; empty when there is none. Peels off what needs nothing that is left:
  // no recursion, whatever the input.
  static std::vector<std::string> find_circle(
      const std::map<std::string, std::vector<std::string>>& needs) {
    std::set<std::string> left;
    for (const auto& [name, all] : needs) left.insert(name);
    for (bool peeled = true; peeled;) {
      peeled = false;
      for (auto it = left.begin(); it != left.end();) {
        const auto& all = needs.at(*it);
        const bool waits = std::any_of(all.begin(), all.end(), [&](const std::string& need) {
          return left.contains(need);
        });
        peeled = peeled || !waits;
        it = waits ? std::next(it) : left.erase(it);
      }
    }
    if (left.empty()) return {};
    // From any of them, following what it needs, the first that comes twice closes a circle.
    std::vector<std::string> path = {*left.begin()};
    for (;;) {
      const auto& all = needs.at(path.back());
      const auto next = std::find_if(all.begin(), all.end(), [&](const std::string& need) {
        return left.contains(need);
      });
      const auto seen = std::find(path.begin(), path.end(), *next);
      if (seen != path.end()) return {seen, path.end()};
      path.push_back(*next);
    }
  }

  const Template& template_;
  std::vector<Problem>& problems_;
  std::map<std::string, std::map<std::string, Place>> unresolved_;  // by block
};

}  // namespace

void check_references(const Template& parsed, std::vector<Problem>& problems) {
  Checker(parsed, problems).check();
}

}  // namespace kiln::cfn
