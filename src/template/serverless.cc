#include "template/serverless.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "template/functions.h"
#include "template/node_reader.h"
#include "template/serverless_resource.h"
#include "template/template.h"

namespace kiln::cfn {
namespace {

constexpr std::string_view kTransform = "AWS::Serverless-2016-10-31";
constexpr std::string_view kPrefix = "AWS::Serverless::";
// Of Globals; those of types that are not supported change nothing.
constexpr std::string_view kGlobals[] = {"Api",          "CapacityProvider", "Function",
                                         "HttpApi",      "LayerVersion",     "SimpleTable",
                                         "StateMachine", "WebSocketApi"};
constexpr std::string_view kNeverGlobal[] = {"Events", "FunctionName", "InlineCode", "Policies"};
// Globals are copied into every function.
constexpr size_t kMaxCopiedBytes = 16 * kMaxTemplateBytes;

bool names_it(const Node& node) { return node.is_text() && node.text == kTransform; }

Node* member(Node& map, std::string_view name) { return const_cast<Node*>(map.find(name)); }

struct Size {
  size_t nodes = 0, bytes = 0;
};
void measure(const Node& node, Size& size) {
  ++size.nodes;
  size.bytes += node.text.size();
  for (const Node& item : node.list) measure(item, size);
  for (const Member& each : node.map) {
    size.bytes += each.name.size();
    measure(each.value, size);
  }
}

// Lists one after the other, maps member by member, of anything else what the resource says.
Node merged(const Node& global, const Node& own) {
  if (global.is_list() && own.is_list()) {
    Node out = own;
    out.list.insert(out.list.begin(), global.list.begin(), global.list.end());
    return out;
  }
  if (!global.is_map() || !own.is_map() || is_function(global) || is_function(own)) return own;
  std::map<std::string_view, const Node*> globals;
  for (const Member& each : global.map) globals[each.name] = &each.value;
  Node out = own;
  for (Member& each : out.map) {
    const auto found = globals.find(each.name);
    if (found == globals.end()) continue;
    each.value = merged(*found->second, each.value);
    globals.erase(found);
  }
  for (const Member& each : global.map)
    if (globals.contains(each.name)) out.map.push_back(each);
  return out;
}

// Names that the template has for what the transform makes: "Orders.Alias" or "Tools", an attribute
// may follow. Linear in the template's size, whatever it holds.
class Renamer {
 public:
  explicit Renamer(const std::map<std::string, std::string>& names) : names_(names) {}

  void rename(Node& node) const {
    if (node.map.size() == 1) {
      Node& argument = node.map[0].value;
      if (node.map[0].name == "Ref" && argument.is_text()) argument.text = renamed(argument.text);
      if (node.map[0].name == "Fn::GetAtt") rename_attribute(argument);
      if (node.map[0].name == "Fn::Sub") rename_sub(argument);
    }
    for (Node& item : node.list) rename(item);
    for (Member& each : node.map) rename(each.value);
  }

  // "Orders.Alias.Arn" asks for "Orders.Alias" first, then for "Orders".
  std::string renamed(const std::string& name) const {
    const size_t first = name.find('.');
    const size_t second = first == std::string::npos ? first : name.find('.', first + 1);
    for (const size_t end : {second, first}) {
      const auto found = names_.find(name.substr(0, end));
      if (found != names_.end()) return found->second + name.substr(std::min(end, name.size()));
    }
    return name;
  }

 private:
  void rename_attribute(Node& argument) const {
    if (argument.is_text()) {
      argument.text = renamed(argument.text);
      return;
    }
    std::string name;
    for (const Node& part : argument.list) {
      if (!part.is_text()) return;
      name += (name.empty() ? "" : ".") + part.text;
    }
    const std::string now = renamed(name);
    const size_t dot = now.find('.');
    if (now == name || dot == std::string::npos) return;
    const NodeMaker make(argument.place);
    argument = make.list({make.text(now.substr(0, dot)), make.text(now.substr(dot + 1))});
  }

  void rename_sub(Node& argument) const {
    std::set<std::string_view> own;
    if (argument.list.size() == 2)
      for (const Member& variable : argument.list[1].map) own.insert(variable.name);
    Node& text = argument.is_list() && !argument.list.empty() ? argument.list[0] : argument;
    std::string out;
    size_t done = 0;
    for (size_t at; (at = text.text.find("${", done)) != std::string::npos;) {
      const size_t end = text.text.find('}', at);
      if (end == std::string::npos) break;
      const std::string name = text.text.substr(at + 2, end - at - 2);
      const bool literal = name.starts_with('!') || own.contains(name);
      out += text.text.substr(done, at + 2 - done);
      out += (literal ? name : renamed(name)) + "}";
      done = end + 1;
    }
    text.text = out + text.text.substr(done);
  }

  const std::map<std::string, std::string>& names_;
};

class Transform {
 public:
  Transform(Node& root, std::vector<Problem>& problems) : root_(root), problems_(problems) {}

  void run() {
    Node* resources = member(root_, "Resources");
    read_globals();
    if (!resources || !resources->is_map() || resources->map.size() > kMaxResources) return;
    if (!globals_fit(*resources)) return;
    std::vector<Member> all;
    for (Member& resource : resources->map) {
      const Node* type = resource.value.find("Type");
      if (!type || !type->is_text() || !type->text.starts_with(kPrefix)) {
        all.push_back(std::move(resource));
        continue;
      }
      Expansion expansion = expand(resource, type->text.substr(kPrefix.size()), type->place);
      std::move(expansion.resources.begin(), expansion.resources.end(), std::back_inserter(all));
      names_.merge(expansion.names);
    }
    check_twice(all);
    resources->map = std::move(all);
    rename();
  }

 private:
  void wrong(Place place, const std::string& message) { problems_.push_back({message, place}); }

  void read_globals() {
    const Node* globals = root_.find("Globals");
    if (!globals) return;
    const auto invalid = [&](Place place, const std::string& message) {
      wrong(place, "'Globals' section is invalid. " + message);
    };
    if (!globals->is_map()) return invalid(globals->place, "It must be a map");
    for (const Member& section : globals->map) {
      if (std::find(std::begin(kGlobals), std::end(kGlobals), section.name) == std::end(kGlobals))
        invalid(section.place, "'" + section.name + "' is not supported in it");
      else if (!section.value.is_map())
        invalid(section.place, section.name + " must be a map");
      else if (section.name == "Function")
        read_function_globals(section.value);
      else if (section.name == "LayerVersion")
        layer_globals_ = section.value;
    }
  }
  void read_function_globals(const Node& section) {
    function_globals_ = section;
    for (const Member& property : section.map)
      if (std::find(std::begin(kNeverGlobal), std::end(kNeverGlobal), property.name) !=
          std::end(kNeverGlobal))
        wrong(property.place, "'Globals' section is invalid. '" + property.name +
                                  "' is not a supported property of 'Function'");
  }

  bool globals_fit(const Node& resources) {
    Size size;
    measure(function_globals_, size);
    measure(layer_globals_, size);
    const size_t times = resources.map.size();
    if (size.nodes * times <= kMaxNodes && size.bytes * times <= kMaxCopiedBytes) return true;
    wrong(root_.find("Globals")->place,
          "'Globals' section is invalid. It is too large for " + std::to_string(times) +
              " resources: together they would have more than " + std::to_string(kMaxNodes) +
              " values or " + std::to_string(kMaxCopiedBytes) + " bytes of it");
    return false;
  }

  Expansion expand(const Member& resource, const std::string& type, Place type_place) {
    const bool function = type == "Function";
    if (!function && type != "LayerVersion") {
      wrong(type_place, "Resource with id [" + resource.name +
                            "] is invalid. AWS::Serverless::" + type +
                            " is not supported here; AWS::Serverless::Function and "
                            "AWS::Serverless::LayerVersion are");
      return kept(resource);
    }
    const Node empty = NodeMaker(resource.place).map();
    const Node* own = resource.value.find("Properties");
    if (own && !own->is_map()) return kept(resource);  // told of with the other sections
    const Node properties =
        merged(function ? function_globals_ : layer_globals_, own ? *own : empty);
    const SamResource sam{resource.name, resource.place, resource.value, properties, root_};
    return function ? expand_function(sam, problems_) : expand_layer(sam, problems_);
  }
  // What is wrong keeps its name, so that a reference to it is no second problem.
  static Expansion kept(const Member& resource) { return {{resource}, {}}; }

  void check_twice(std::vector<Member>& all) {
    std::set<std::string_view> seen;
    for (const Member& resource : all)
      if (!seen.insert(resource.name).second)
        wrong(resource.place, "The transform makes a resource '" + resource.name +
                                  "', and there is another one of this name; rename it");
  }

  void rename() {
    const Renamer renamer(names_);
    for (const char* section : {"Resources", "Outputs"})
      if (Node* node = member(root_, section)) renamer.rename(*node);
    for (Member& resource : member(root_, "Resources")->map) {
      Node* needs = member(resource.value, "DependsOn");
      if (!needs) continue;
      if (needs->is_text()) needs->text = renamer.renamed(needs->text);
      for (Node& each : needs->list)
        if (each.is_text()) each.text = renamer.renamed(each.text);
    }
  }

  Node& root_;
  std::vector<Problem>& problems_;
  Node function_globals_, layer_globals_;
  std::map<std::string, std::string> names_;
};

}  // namespace

bool is_serverless(const Node& root) {
  const Node* transform = root.find("Transform");
  return transform && (names_it(*transform) ||
                       std::any_of(transform->list.begin(), transform->list.end(), names_it));
}

void expand_serverless(Node& root, std::vector<Problem>& problems) {
  Transform(root, problems).run();
  std::erase_if(root.map, [](const Member& section) { return section.name == "Globals"; });
}

}  // namespace kiln::cfn
