#include "template/template.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "template/functions.h"
#include "template/include.h"
#include "template/language_extensions.h"
#include "template/node_reader.h"
#include "template/processing_failure.h"
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

const Resource* Template::whole_of(std::string_view part) const {
  const auto found =
      std::find_if(resources.begin(), resources.end(), [&](const Resource& resource) {
        return is_left_whole(resource) && part.size() > resource.logical_id.size() &&
               part.starts_with(resource.logical_id);
      });
  return found == resources.end() ? nullptr : &*found;
}

bool is_left_whole(const Resource& resource) {
  return resource.type.starts_with("AWS::Serverless::");
}

namespace {

constexpr size_t kMaxMessage = 1000;  // bytes; names in a template may be long

void shorten(std::string& message) {
  if (message.size() <= kMaxMessage) return;
  size_t end = kMaxMessage;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;
  message.resize(end);
  message += "…";
}

void shorten_each(std::vector<Problem>& problems) {
  for (Problem& problem : problems) shorten(problem.message);
}

void shorten(std::vector<Problem>& problems) {
  if (problems.size() > kMaxProblems) problems.resize(kMaxProblems);
  shorten_each(problems);
}

// CloudFormation takes no null anywhere but in metadata.
void check_nulls(const Node& node, const std::string& path, std::vector<Problem>& problems) {
  if (node.kind == Node::Kind::kNull)
    problems.push_back({"[" + path + "] 'null' values are not allowed in templates", node.place});
  for (size_t i = 0; i < node.list.size(); ++i)
    check_nulls(node.list[i], path + "/" + std::to_string(i), problems);
  for (const Member& member : node.map)
    if (member.name != "Metadata") check_nulls(member.value, path + "/" + member.name, problems);
}

bool before(const Problem& a, const Problem& b) {
  return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
}

}  // namespace

Reading read_template(std::string_view text, const std::map<std::string, std::string>& parameters) {
  return read_template(text, parameters, {});
}

nlohmann::json processed_template(std::string_view text,
                                  const std::map<std::string, std::string>& parameters) {
  return processed_template(text, parameters, {});
}

Reading read_template(std::string_view text, const std::map<std::string, std::string>& parameters,
                      const Include& include) {
  Reading out;
  NodeOrProblem tree = read_node(text, &out.notes);
  if (const Problem* problem = std::get_if<Problem>(&tree)) {
    out.problems.push_back(*problem);
    shorten(out.problems[0].message);
    return out;
  }
  Node& root = std::get<Node>(tree);
  if (!root.is_map()) {
    out.problems.push_back(
        {"Template format error: unsupported structure.\nA template is a map of sections",
         root.place});
    return out;
  }
  std::string_view transform;  // the one that finds problems
  Included included;
  if (include) included = expand_includes(root, parameters, include, out.problems);
  // AWS::Include may also stand in the template as Fn::Transform alone.
  const bool has_transforms = root.find("Transform") || included.done > 0;
  if (included.unknown > 0)
    out.notes.push_back({std::to_string(included.unknown) +
                             " included part(s) of the template can't be read from here",
                         {}});
  const size_t not_included = out.problems.size();
  if (has_language_extensions(root)) {
    expand_language_extensions(root, parameters, out.problems);
    if (not_included == 0 && !out.problems.empty()) transform = kLanguageExtensions;
  }
  resolve_policies(root, parameters);
  if (is_serverless(root) && out.problems.empty()) {
    expand_serverless(root, parameters, out.problems, out.notes);
    if (!out.problems.empty()) transform = kSamTransform;
  }
  std::string made_nothing;
  if (!transform.empty()) {
    shorten_each(out.problems);
    made_nothing = processing_failure(transform, out.problems);
  }
  Template parsed;
  // What a transform couldn't make would be missed everywhere: its problems stand alone.
  if (out.problems.empty()) {
    check_nulls(root, "", out.problems);
    parsed = read_sections(root, out.problems);
    std::stable_sort(out.problems.begin(), out.problems.end(), before);
    // What is built wrongly comes before what refers to it: AWS tells the first problem alone.
    const auto structure = static_cast<std::ptrdiff_t>(out.problems.size());
    // What is missing may be in what could not be included.
    if (included.unknown == 0) check_references(parsed, out.problems);
    if (included.done > 0 && std::find(parsed.transforms.begin(), parsed.transforms.end(),
                                       kIncludeTransform) == parsed.transforms.end())
      parsed.transforms.emplace_back(kIncludeTransform);
    std::stable_sort(out.problems.begin() + structure, out.problems.end(), before);
  } else {
    std::stable_sort(out.problems.begin(), out.problems.end(), before);
  }
  shorten(out.problems);
  const bool may_be_parameters = !out.problems.empty() && !has_wrong_parameters(root);
  if (may_be_parameters) out.valueless = valueless_parameters(root, parameters);
  if (may_be_parameters && has_transforms && out.valueless.empty())
    out.processing_failure =
        made_nothing.empty() ? processing_failure("", out.problems) : std::move(made_nothing);
  if (out.problems.empty()) out.parsed = std::move(parsed);
  return out;
}

std::optional<Template> read_as_written(std::string_view text) { return read_as_written(text, {}); }

std::optional<Template> read_as_written(std::string_view text, const Include& include) {
  NodeOrProblem tree = read_node(text);
  Node* root = std::get_if<Node>(&tree);
  if (!root || !root->is_map()) return std::nullopt;
  std::vector<Problem> problems;
  if (include) expand_includes(*root, {}, include, problems);
  if (!problems.empty() || has_wrong_parameters(*root)) return std::nullopt;
  return read_sections(*root, problems);
}

nlohmann::json processed_template(std::string_view text,
                                  const std::map<std::string, std::string>& parameters,
                                  const Include& include) {
  NodeOrProblem tree = read_node(text);
  Node* root = std::get_if<Node>(&tree);
  if (!root) return nullptr;
  std::vector<Problem> problems, notes;
  if (include) expand_includes(*root, parameters, include, problems);
  if (has_language_extensions(*root)) {
    expand_language_extensions(*root, parameters, problems);
    carry_out_known_functions(*root, parameters);
    resolve_policies(*root, parameters);
  }
  if (is_serverless(*root)) expand_serverless(*root, parameters, problems, notes);
  std::erase_if(root->map, [](const Member& section) { return section.name == "Transform"; });
  return to_json(*root);
}

std::map<std::string, std::vector<std::string>> dependencies(const Template& parsed) {
  std::set<std::string_view> resources;
  for (const Resource& resource : parsed.resources) resources.insert(resource.logical_id);
  std::map<std::string, std::vector<std::string>> out;
  for (const Resource& resource : parsed.resources) {
    std::vector<std::string>& needs = out[resource.logical_id];
    // Its parts need different things: together they may seem to run in a circle.
    if (is_left_whole(resource)) continue;
    std::set<std::string, std::less<>> seen = {resource.logical_id};
    const auto add = [&](std::string_view name) {
      const Resource* whole = resources.contains(name) ? nullptr : parsed.whole_of(name);
      if (whole) name = whole->logical_id;
      if (resources.contains(name) && seen.emplace(name).second) needs.emplace_back(name);
    };
    for (const std::string& name : resource.depends_on) add(name);
    visit_functions(resource.properties, Within::kValues, [&](const FunctionUse& use) {
      if (!shape_problem(use).empty()) return;
      if (use.name == "Ref") add(use.argument.text);
      if (use.name == "Fn::GetAtt") add(attribute_of(use.argument).resource);
      if (use.name != "Fn::Sub") return;
      for (const std::string& name : sub_references(use.argument))
        add(std::string_view(name).substr(0, name.find('.')));
    });
  }
  return out;
}

}  // namespace kiln::cfn
