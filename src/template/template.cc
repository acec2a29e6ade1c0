#include "template/template.h"

#include <algorithm>

#include "template/functions.h"
#include "template/node_reader.h"
#include "template/sections.h"
#include "template/serverless.h"

namespace kiln::cfn {

const Parameter* Template::parameter(std::string_view name) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const Parameter& p) { return p.name == name; });
  return found == parameters.end() ? nullptr : &*found;
}

const Resource* Template::resource(std::string_view logical_id) const {
  const auto found = std::find_if(resources.begin(), resources.end(),
                                  [&](const Resource& r) { return r.logical_id == logical_id; });
  return found == resources.end() ? nullptr : &*found;
}

std::string text_of(const Problem& problem) {
  if (problem.place.line == 0) return problem.message;
  return "line " + std::to_string(problem.place.line) + ", column " +
         std::to_string(problem.place.column) + ": " + problem.message;
}

Reading read_template(std::string_view text) {
  Reading out;
  NodeOrProblem tree = read_node(text);
  if (const Problem* problem = std::get_if<Problem>(&tree)) {
    out.problems.push_back(*problem);
    return out;
  }
  Node& root = std::get<Node>(tree);
  if (!root.is_map()) {
    out.problems.push_back(
        {"Template format error: the template must be a map of sections", root.place});
    return out;
  }
  if (is_serverless(root)) expand_serverless(root, out.problems);
  Template parsed = read_sections(root, out.problems);
  if (out.problems.empty()) check_references(parsed, out.problems);
  if (out.problems.empty()) out.parsed = std::move(parsed);
  return out;
}

std::map<std::string, std::vector<std::string>> dependencies(const Template& parsed) {
  std::map<std::string, std::vector<std::string>> out;
  for (const Resource& resource : parsed.resources) {
    std::vector<std::string>& needs = out[resource.logical_id];
    const auto add = [&](std::string_view name) {
      const bool counts = name != resource.logical_id && parsed.resource(name) &&
                          std::find(needs.begin(), needs.end(), name) == needs.end();
      if (counts) needs.emplace_back(name);
    };
    for (const std::string& name : resource.depends_on) add(name);
    visit_functions(resource.properties, Within::kValues, [&](const FunctionUse& use) {
      if (use.name == "Ref") add(use.argument.text);
      if (use.name == "Fn::GetAtt") add(attribute_of(use.argument).resource);
      if (use.name != "Fn::Sub") return;
      const bool list = use.argument.is_list();
      for (const SubPart& part : sub_parts(list ? use.argument.list[0].text : use.argument.text)) {
        if (part.kind != SubPart::Kind::kVariable) continue;
        if (list && use.argument.list[1].find(part.text)) continue;
        add(std::string_view(part.text).substr(0, part.text.find('.')));
      }
    });
  }
  return out;
}

}  // namespace kiln::cfn
