#include "template/sam_names.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "template/node_maker.h"

namespace kiln::cfn {

void SamNames::rename(Node& node) const {
  if (node.map.size() == 1) {
    Node& argument = node.map[0].value;
    if (node.map[0].name == "Ref" && argument.is_text()) argument.text = renamed(argument.text);
    if (node.map[0].name == "Fn::GetAtt") rename_attribute(argument);
    if (node.map[0].name == "Fn::Sub") rename_sub(argument);
  }
  for (Node& item : node.list) rename(item);
  for (Member& each : node.map) rename(each.value);
}

std::string SamNames::renamed(const std::string& name) const {
  const size_t first = name.find('.');
  const size_t second = first == std::string::npos ? first : name.find('.', first + 1);
  for (const size_t end : {second, first}) {
    const auto found = names_.find(name.substr(0, end));
    if (found != names_.end()) return found->second + name.substr(std::min(end, name.size()));
  }
  return name;
}

void SamNames::rename_attribute(Node& argument) const {
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

void SamNames::rename_sub(Node& argument) const {
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

}  // namespace kiln::cfn
