#include "template/known_texts.h"

namespace kiln::cfn {
namespace {

constexpr size_t kMaxChoices = 100;  // in each other; conditions may name each other in a circle

bool is_scalar(const Node& node) { return !node.is_map() && !node.is_list(); }

void split(const std::string& text, std::vector<std::string>& out) {
  for (size_t start = 0; !text.empty();) {
    const size_t comma = text.find(',', start);
    std::string item = text.substr(start, comma - start);
    item.erase(0, item.find_first_not_of(' '));
    item.erase(item.find_last_not_of(' ') + 1);
    out.push_back(std::move(item));
    if (comma == std::string::npos) return;
    start = comma + 1;
  }
}

}  // namespace

std::optional<std::string> KnownTexts::text_of(const Node& node, size_t depth) const {
  if (is_scalar(node)) return node.text;
  if (depth > kMaxChoices) return std::nullopt;
  if (const Node* name = node.find("Ref"); name && name->is_text()) {
    if (const auto found = given_.find(name->text); found != given_.end()) return found->second;
    const Node* parameters = root_.find("Parameters");
    const Node* parameter = parameters ? parameters->find(name->text) : nullptr;
    const Node* value = parameter ? parameter->find("Default") : nullptr;
    if (value && is_scalar(*value)) return value->text;
  }
  if (const Node* choice = node.find("Fn::If"); choice && choice->list.size() == 3) {
    const auto truth = truth_of(choice->list[0], depth + 1);
    return truth ? text_of(choice->list[*truth ? 1 : 2], depth + 1) : std::nullopt;
  }
  const Node* entry = entry_of(node);
  if (entry && is_scalar(*entry)) return entry->text;
  return std::nullopt;
}

const Node* KnownTexts::entry_of(const Node& node) const {
  const Node* names = node.find("Fn::FindInMap");
  const Node* at = names ? root_.find("Mappings") : nullptr;
  if (!names || names->list.size() < 3) return nullptr;
  for (size_t i = 0; i < 3 && at; ++i) {
    const auto name = text_of(names->list[i]);
    at = name ? at->find(*name) : nullptr;
  }
  if (at) return at;
  return names->list.size() > 3 ? names->list[3].find("DefaultValue") : nullptr;
}

std::optional<bool> KnownTexts::truth_of(const Node& node, size_t depth) const {
  if (depth > kMaxChoices) return std::nullopt;
  const Node* named = is_scalar(node) ? &node : node.find("Condition");
  if (named) {
    const Node* conditions = root_.find("Conditions");
    const Node* condition = conditions ? conditions->find(named->text) : nullptr;
    return condition ? truth_of(*condition, depth + 1) : std::nullopt;
  }
  if (const Node* pair = node.find("Fn::Equals"); pair && pair->list.size() == 2) {
    const auto a = text_of(pair->list[0], depth + 1), b = text_of(pair->list[1], depth + 1);
    return a && b ? std::optional(*a == *b) : std::nullopt;
  }
  if (const Node* one = node.find("Fn::Not"); one && one->list.size() == 1) {
    const auto truth = truth_of(one->list[0], depth + 1);
    return truth ? std::optional(!*truth) : std::nullopt;
  }
  const Node* all = node.find("Fn::And");
  const Node* parts = all ? all : node.find("Fn::Or");
  if (!parts) return std::nullopt;
  for (const Node& part : parts->list) {
    const auto truth = truth_of(part, depth + 1);
    if (!truth) return std::nullopt;
    if (*truth != (all != nullptr)) return *truth;
  }
  return all != nullptr;
}

std::optional<std::vector<std::string>> KnownTexts::list_of(const Node& node) const {
  std::vector<std::string> out;
  const Node* entry = node.is_map() ? entry_of(node) : nullptr;
  const Node& list = entry ? *entry : node;
  if (list.is_list()) {
    for (const Node& item : list.list) {
      const auto text = text_of(item);
      if (!text) return std::nullopt;
      if (item.is_map())
        split(*text, out);
      else
        out.push_back(*text);
    }
    return out;
  }
  const auto text = text_of(list);
  if (!text) return std::nullopt;
  split(*text, out);
  return out;
}

}  // namespace kiln::cfn
