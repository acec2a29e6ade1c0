#include "template/openapi.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"

namespace kiln::cfn::openapi {

using sam::map;

Node swagger_skeleton() {
  return map({{"swagger", "2.0"},
              {"info", map({{"version", "1.0"}, {"title", sam::ref("AWS::StackName")}})},
              {"paths", map()}});
}

Node openapi_skeleton() {
  return map({{"openapi", "3.0.1"},
              {"info", map({{"version", "1.0"}, {"title", sam::ref("AWS::StackName")}})},
              {"paths", map()}});
}

// 3, 3.0, 3.0.1
bool is_version_3(const Node* version) {
  if (!version || version->is_map() || version->is_list() || !version->text.starts_with('3'))
    return false;
  const std::string& text = version->text;
  if (text.size() != 1 && text.size() != 3 && text.size() != 5) return false;
  for (size_t i = 1; i < text.size(); i += 2)
    if (text[i] != '.' || !ascii::is_digit(text[i + 1])) return false;
  return true;
}

bool is_swagger(const Node* document) {
  const Node* paths = document ? document->find("paths") : nullptr;
  if (!paths || !paths->is_map()) return false;
  return sam::truthy(document->find("swagger")) || is_version_3(document->find("openapi"));
}

bool is_openapi(const Node* document) {
  const Node* paths = document ? document->find("paths") : nullptr;
  return paths && paths->is_map() && is_version_3(document->find("openapi"));
}

std::string method_key(std::string_view method) {
  std::string key(method);
  std::transform(key.begin(), key.end(), key.begin(), [](char c) { return ascii::lower(c); });
  return key == "any" ? std::string(kAnyMethod) : key;
}

std::string path_pattern(std::string path, bool any_plus) {
  std::string out;
  for (size_t at = 0; at < path.size();) {
    const size_t end = path[at] == '{' ? path.find('}', at) : std::string::npos;
    if (end != std::string::npos && end > at + 1) {
      std::string name = path.substr(at + 1, end - at - 1);
      if (name.ends_with('+') && (any_plus || name == "proxy+")) name.pop_back();
      const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return ascii::is_alnum(c) || c == '.' || c == '_' || c == '-';
      });
      if (plain) {
        out += '*';
        at = end + 1;
        continue;
      }
    }
    out += path[at++];
  }
  return out;
}

std::vector<Node*> contents(Node& item) {
  Node* arguments = sam::find(item, "Fn::If");
  std::vector<Node*> out;
  if (!arguments || !arguments->is_list()) {
    if (item.is_map()) out.push_back(&item);
    return out;
  }
  for (size_t i = 1; i < arguments->list.size(); ++i)
    if (arguments->list[i].is_map() && !sam::is_no_value(arguments->list[i]))
      out.push_back(&arguments->list[i]);
  return out;
}

bool has_integration(Node& document, const std::string& path, const std::string& method) {
  Node* item = sam::find(sam::at(document, "paths"), path);
  if (!item) return false;
  const auto integrated = [&](Node* each) {
    Node* definition = sam::find(*each, method_key(method));
    if (!definition) return false;
    const auto all = contents(*definition);
    return std::any_of(all.begin(), all.end(),
                       [](Node* one) { return sam::truthy(one->find(kIntegration)); });
  };
  const auto items = contents(*item);
  return !items.empty() && std::all_of(items.begin(), items.end(), integrated);
}

void add_path(Node& document, const std::string& path, const std::string& method) {
  for (Node* item : contents(sam::at(sam::at(document, "paths"), path)))
    sam::at(*item, method_key(method));
}

std::vector<Node*> methods_at(Node& document, const std::string& path, const std::string& method) {
  std::vector<Node*> out;
  Node* item = sam::find(sam::at(document, "paths"), path);
  if (!item) return out;
  for (Node* each : contents(*item))
    if (Node* definition = sam::find(*each, method_key(method)))
      for (Node* one : contents(*definition))
        if (sam::truthy(one->find(kIntegration))) out.push_back(one);
  return out;
}

void each_method(Node& path_item,
                 const std::function<void(const std::string& key, Node& method)>& visit) {
  for (Node* item : contents(path_item))
    for (Member& member : item->map) {
      if (member.name == "summary" || member.name == "description" || member.name == "parameters")
        continue;
      for (Node* method : contents(member.value))
        if (sam::truthy(method->find(kIntegration))) visit(method_key(member.name), *method);
    }
}

void integrate(Node& document, const std::string& path, const std::string& method,
               const Integration& integration) {
  const std::string key = method_key(method);
  add_path(document, path, method);
  Node body = integration.own;
  sam::put(body, "uri",
           integration.condition.empty() ? integration.uri
                                         : sam::choose(integration.condition, integration.uri));
  for (Node* item : contents(sam::at(sam::at(document, "paths"), path))) {
    Node& definition = sam::at(*item, key);
    definition.kind = Node::Kind::kMap;
    sam::put(definition, kIntegration, body);
    if (!definition.find("responses"))
      sam::put(definition, "responses", integration.responses.value_or(map()));
    if (!integration.condition.empty())
      definition = sam::choose(integration.condition, Node(definition));
  }
}

void add_security(Node& method, const std::string& name, Node scopes) {
  Node& security = sam::at(method, "security");
  if (!security.is_list()) security = sam::list();
  Node entry = map();
  sam::put(entry, name, std::move(scopes));
  security.list.push_back(std::move(entry));
}

}  // namespace kiln::cfn::openapi
