#include "template/serverless.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "base/arn.h"
#include "template/openapi.h"
#include "template/parameter_type.h"
#include "template/sam_names.h"
#include "template/serverless_globals.h"
#include "template/serverless_resource.h"
#include "template/template.h"

namespace kiln::cfn {
namespace {

constexpr std::string_view kPrefix = "AWS::Serverless::";

// Null stands for "not given". The documents of others keep theirs.
void drop_nulls(Node& node) {
  // Of one property null says something: the caller's credentials are not taken.
  if (Node* role = sam::find(node, "InvokeRole"); role && role->kind == Node::Kind::kNull)
    *role = sam::text("NONE");
  std::erase_if(node.map,
                [](const Member& member) { return member.value.kind == Node::Kind::kNull; });
  for (Member& member : node.map)
    if (member.name != "Definition" && member.name != "DefinitionBody") drop_nulls(member.value);
  for (Node& item : node.list) drop_nulls(item);
}

using Expander = void (*)(SamTemplate&, const SamResource&, Made&);
struct Kind {
  std::string_view name;
  int turn;  // functions write into APIs before those are expanded
  Expander expand;
};
constexpr Kind kKinds[] = {
    {"Function", 0, expand_function},      {"StateMachine", 1, expand_state_machine},
    {"Api", 2, expand_rest_api},           {"HttpApi", 2, expand_http_api},
    {"SimpleTable", 3, expand_table},      {"LayerVersion", 3, expand_layer},
    {"Application", 3, expand_application}};

const Kind* kind_of(const Node& resource) {
  const Node* type = resource.find("Type");
  if (!type || !type->is_text() || !type->text.starts_with(kPrefix)) return nullptr;
  const std::string name = type->text.substr(kPrefix.size());
  const auto found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                  [&](const Kind& kind) { return kind.name == name; });
  return found == std::end(kKinds) ? nullptr : found;
}

bool is_connector(const Node& resource) {
  const Node* type = resource.find("Type");
  return type && type->text == "AWS::Serverless::Connector";
}

class Transform {
 public:
  Transform(Node& root, const std::map<std::string, std::string>& given,
            std::vector<Problem>& problems, std::vector<Problem>& notes)
      : all_{root, sam::at(root, "Resources"), problems, notes, {}, {}, {}, sam::map(), {}, {},
             {}} {
    read_parameters(given);
  }

  void run() {
    if (!all_.resources.is_map() || all_.resources.map.size() > kMaxResources) return;
    clean();
    const size_t before = all_.problems.size();
    try {
      add_implicit_apis(all_);
      take_globals();
      if (all_.problems.size() != before) return;
      expand_all();
      put_together();
    } catch (const SamTooLarge&) {
      all_.problems.push_back(
          {"The transform makes more of this template than a template may have", Place{}});
    }
  }

 private:
  void read_parameters(const std::map<std::string, std::string>& given) {
    const Node* section = all_.root.find("Parameters");
    if (section)
      for (const Member& parameter : section->map) {
        const auto value = given.find(parameter.name);
        const Node* type = parameter.value.find("Type");
        if (type && names_ssm_parameter(type->text)) continue;
        if (value != given.end())
          all_.parameters[parameter.name] = sam::text(value->second);
        else if (const Node* otherwise = parameter.value.find("Default");
                 otherwise && !otherwise->is_map() && !otherwise->is_list())
          all_.parameters[parameter.name] = *otherwise;
      }
    const auto region = given.find("AWS::Region");
    if (region != given.end()) all_.parameters["AWS::Region"] = sam::text(region->second);
    all_.parameters["AWS::Partition"] =
        sam::text(std::string(partition_of(region == given.end() ? "" : region->second)));
  }

  void clean() {
    std::erase_if(all_.resources.map, [&](const Member& resource) {
      if (!is_connector(resource.value)) return false;
      all_.notes.push_back({"the connector " + resource.name +
                                " is without effect: it grants permissions, and nothing here asks "
                                "for any",
                            resource.place});
      return true;
    });
    for (Member& resource : all_.resources.map) {
      sam::erase(resource.value, "Connectors");
      if (!kind_of(resource.value)) continue;
      if (Node* properties = sam::find(resource.value, "Properties")) {
        if (properties->kind == Node::Kind::kNull) *properties = sam::map();
        drop_nulls(*properties);
      } else {
        sam::put(resource.value, "Properties", sam::map());
      }
      sam::place_within(resource.value, resource.place);
    }
  }

  void take_globals() {
    SamGlobals globals(all_.root, all_.resources.map.size(), all_.problems);
    for (Member& resource : all_.resources.map) {
      const Kind* kind = kind_of(resource.value);
      if (!kind) continue;
      Node& properties = sam::at(resource.value, "Properties");
      if (!properties.is_map()) {
        all_.problems.push_back({"Resource with id [" + resource.name +
                                     "] is invalid. Attribute 'Properties' should be a map.",
                                 properties.place, resource.name});
        continue;
      }
      properties = globals.with(resource.name, std::string(kind->name), properties,
                                resource.value.find("IgnoreGlobals"));
      drop_nulls(properties);
      if (kind->name == "Api") choose_version(resource.name, properties);
    }
  }

  // OpenApiVersion of an API whose definition SAM writes.
  void choose_version(const std::string& id, Node& properties) {
    const Node* version = properties.find("OpenApiVersion");
    Node* body = sam::find(properties, "DefinitionBody");
    if (!body || !all_.managed_apis.contains(id) || !openapi::is_version_3(version)) return;
    sam::put(*body, "openapi", sam::text(version->text));
    sam::erase(*body, "swagger");
  }

  void expand_all() {
    for (int turn = 0; turn <= 3; ++turn)
      for (Member& resource : all_.resources.map) {
        const Kind* kind = kind_of(resource.value);
        if (!kind || kind->turn != turn) continue;
        SamResource sam{resource.name, resource.place, resource.value,
                        sam::at(resource.value, "Properties")};
        sam::erase(sam.whole, "Properties");
        sam::erase(sam.whole, "IgnoreGlobals");
        const size_t before = all_.problems.size();
        Made& made = made_[resource.name];
        kind->expand(all_, sam, made);
        if (kind->name != "HttpApi") propagate_tags(all_, sam, made, 0);
        // What is wrong keeps its name, so that a reference to it is no second problem.
        if (all_.problems.size() != before)
          made = {{resource.name, resource.place, resource.value}};
      }
  }

  void put_together() {
    std::vector<Member> out;
    for (Member& resource : all_.resources.map) {
      const auto made = made_.find(resource.name);
      if (made == made_.end())
        out.push_back(std::move(resource));
      else
        std::move(made->second.begin(), made->second.end(), std::back_inserter(out));
    }
    std::move(all_.shared.begin(), all_.shared.end(), std::back_inserter(out));
    std::set<std::string_view> seen;
    for (const Member& resource : out)
      if (!seen.insert(resource.name).second)
        all_.problems.push_back({"The transform makes a resource '" + resource.name +
                                     "', and there is another one of this name; rename it",
                                 resource.place});
    all_.resources.map = std::move(out);
    if (!all_.conditions.map.empty()) {
      sam::place_within(all_.conditions, all_.resources.place);
      for (Member& condition : all_.conditions.map)
        sam::put(sam::at(all_.root, "Conditions"), condition.name, std::move(condition.value));
    }
    const SamNames names(all_.names);
    for (const char* section : {"Resources", "Outputs"})
      if (Node* node = sam::find(all_.root, section)) names.rename(*node);
    for (Member& resource : sam::at(all_.root, "Resources").map)
      if (Node* needs = sam::find(resource.value, "DependsOn")) {
        if (needs->is_text()) needs->text = names.renamed(needs->text);
        for (Node& each : needs->list)
          if (each.is_text()) each.text = names.renamed(each.text);
      }
  }

  SamTemplate all_;
  std::map<std::string, Made> made_;
};

}  // namespace

std::vector<std::string> serverless_types() {
  std::vector<std::string> types;
  for (const Kind& kind : kKinds) types.push_back(std::string(kPrefix).append(kind.name));
  return types;
}

bool is_serverless(const Node& root) { return sam::asks_for_transform(root, kSamTransform); }

void expand_serverless(Node& root, const std::map<std::string, std::string>& parameters,
                       std::vector<Problem>& problems, std::vector<Problem>& notes) {
  if (!root.find("Resources")) return;  // told of with the sections
  Transform(root, parameters, problems, notes).run();
  sam::erase(root, "Globals");
}

}  // namespace kiln::cfn
