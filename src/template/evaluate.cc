#include "template/evaluate.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "template/cidr.h"
#include "template/functions.h"

namespace kiln::cfn {
namespace {

using nlohmann::json;

Error at(Place place, const std::string& message) {
  return {ErrorKind::kInvalid, "ValidationError", text_of(Problem{message, place})};
}

// What AWS::NoValue comes to while a value is put together.
bool is_no_value(const json& value) { return value.is_discarded(); }
json no_value() { return json(json::value_t::discarded); }

// A scalar as the text that Join and Sub put together.
std::optional<std::string> text_of_scalar(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean() || value.is_number()) return value.dump();
  return std::nullopt;
}

}  // namespace

bool is_unknown(const json& value) {
  if (value.is_string())
    return value.get_ref<const std::string&>().find(kUnknown) != std::string::npos;
  return value.is_structured() && std::any_of(value.begin(), value.end(), is_unknown);
}

// One evaluation: the functions, each a member that takes its argument.
class Evaluator::Run {
 public:
  Run(Evaluator& owner) : owner_(owner) {}

  Result<json> value(const Node& node) {
    if (const Found found = find_function(node, Within::kValues); found.member)
      return function({found.member->name, found.member->value, found.member->place});
    if (node.is_list()) {
      json list = json::array();
      for (const Node& item : node.list) {
        auto one = value(item);
        if (!one) return one;
        if (!is_no_value(*one)) list.push_back(std::move(*one));
      }
      return list;
    }
    if (!node.is_map()) return to_json(node);
    json map = json::object();
    for (const Member& member : node.map) {
      auto one = value(member.value);
      if (!one) return one;
      if (!is_no_value(*one)) map[member.name] = std::move(*one);
    }
    return map;
  }

  Result<bool> condition(const Node& node) {
    const Found found = find_function(node, Within::kConditions);
    if (!found.member) {
      if (node.kind == Node::Kind::kBool || node.is_text()) {
        if (node.text == "true") return true;
        if (node.text == "false") return false;
      }
      return at(node.place, "Template error: every condition must be a boolean function");
    }
    const std::string& name = found.member->name;
    const Node& argument = found.member->value;
    if (name == "Condition") return owner_.condition(argument.text);
    if (name == "Fn::Not") {
      auto inner = condition(argument.list[0]);
      return inner ? Result<bool>(!*inner) : inner;
    }
    if (name == "Fn::And" || name == "Fn::Or") {
      const bool all = name == "Fn::And";
      for (const Node& part : argument.list) {
        const auto inner = condition(part);
        if (!inner) return inner;
        if (*inner != all) return !all;
      }
      return all;
    }
    if (name == "Fn::Equals") {
      const auto left = value(argument.list[0]);
      if (!left) return left.error();
      const auto right = value(argument.list[1]);
      if (!right) return right.error();
      return same(*left, *right);
    }
    if (name == "Fn::Contains" || name == "Fn::EachMemberIn" || name == "Fn::EachMemberEquals")
      return rule_function(name, argument);
    return at(found.member->place, "Template error: " + name + " is no condition");
  }

 private:
  // "1" and 1 are the same: parameters are texts.
  static bool same(const json& a, const json& b) {
    const auto left = text_of_scalar(a), right = text_of_scalar(b);
    return left && right ? *left == *right : a == b;
  }

  Result<bool> rule_function(const std::string& name, const Node& argument) {
    const auto first = value(argument.list[0]), second = value(argument.list[1]);
    if (!first) return first.error();
    if (!second) return second.error();
    const auto among = [](const json& one, const json& all) {
      return std::any_of(all.begin(), all.end(), [&](const json& each) { return same(each, one); });
    };
    if (!first->is_array()) return at(argument.place, "Template error: " + name + " needs a list");
    if (name == "Fn::Contains") return among(*second, *first);
    return std::all_of(first->begin(), first->end(), [&](const json& each) {
      return name == "Fn::EachMemberIn" ? second->is_array() && among(each, *second)
                                        : same(each, *second);
    });
  }

  Result<json> function(const FunctionUse& use) {
    if (use.name == "Ref") return ref(use.argument.text, use.place);
    if (use.name == "Fn::GetAtt") return get_att(use);
    if (use.name == "Fn::Sub") return sub(use);
    if (use.name == "Fn::Join") return join(use);
    if (use.name == "Fn::Select") return select(use);
    if (use.name == "Fn::Split") return split(use);
    if (use.name == "Fn::If") return choose(use);
    if (use.name == "Fn::FindInMap") return find_in_map(use);
    if (use.name == "Fn::Base64") return encode(use);
    if (use.name == "Fn::ImportValue") return import(use);
    if (use.name == "Fn::GetAZs") return zones(use);
    if (use.name == "Fn::Cidr") return cidr(use);
    if (use.name == "Fn::Length") return length(use);
    if (use.name == "Fn::ToJsonString") return to_json_string(use);
    return at(use.place,
              "Template error: " + std::string(use.name) + " can't be used in a value");
  }

  Result<json> ref(const std::string& name, Place place) {
    const Surroundings& around = owner_.surroundings_;
    if (name == "AWS::AccountId") return json(around.account);
    if (name == "AWS::Region") return json(around.region);
    if (name == "AWS::StackName") return json(around.stack_name);
    if (name == "AWS::StackId") return json(around.stack_id);
    if (name == "AWS::Partition") return json("aws");
    if (name == "AWS::URLSuffix") return json("amazonaws.com");
    if (name == "AWS::NotificationARNs") return json(around.notification_arns);
    if (name == "AWS::NoValue") return no_value();
    if (const auto given = around.parameters.find(name); given != around.parameters.end())
      return given->second;
    if (owner_.template_.resource(name)) return resource(name, "", place);
    return at(place, "Template error: Ref of " + name + ", which is not in the template");
  }

  Result<json> resource(const std::string& id, const std::string& attribute, Place place) {
    const Resource* found = owner_.template_.resource(id);
    if (found && !found->condition.empty()) {
      const auto there = owner_.condition(found->condition);
      if (!there) return there.error();
      if (!*there)
        return at(place, "Template format error: Unresolved resource dependencies [" + id +
                             "]: its condition " + found->condition + " is false");
    }
    if (!owner_.surroundings_.resource) return json(kUnknown);
    auto value = owner_.surroundings_.resource(id, attribute);
    if (!value) return at(place, value.error().message);
    return value;
  }

  Result<json> get_att(const FunctionUse& use) {
    const Attribute attribute = attribute_of(use.argument);
    return resource(attribute.resource, attribute.attribute, use.place);
  }

  Result<json> sub(const FunctionUse& use) {
    const bool list = use.argument.is_list();
    const Node& text = list ? use.argument.list[0] : use.argument;
    const Node* own = list ? &use.argument.list[1] : nullptr;
    std::string out;
    for (const SubPart& part : sub_parts(text.text)) {
      if (part.kind == SubPart::Kind::kText) {
        out += part.text;
        continue;
      }
      const Node* variable = own ? own->find(part.text) : nullptr;
      const size_t dot = part.text.find('.');
      auto inner = variable ? value(*variable)
                   : dot == std::string::npos
                       ? ref(part.text, use.place)
                       : resource(part.text.substr(0, dot), part.text.substr(dot + 1), use.place);
      if (!inner) return inner;
      const auto scalar = text_of_scalar(*inner);
      if (!scalar)
        return at(use.place, "Template error: variable " + part.text +
                                 " in Fn::Sub expression does not resolve to a string");
      out += *scalar;
    }
    return json(std::move(out));
  }

  Result<json> join(const FunctionUse& use) {
    const auto delimiter = value(use.argument.list[0]);
    if (!delimiter) return delimiter;
    const auto items = value(use.argument.list[1]);
    if (!items) return items;
    if (items->is_string() && is_unknown(*items)) return *items;
    if (!delimiter->is_string() || !items->is_array())
      return at(use.place,
                "Template error: every Fn::Join object requires two parameters, (1) a string "
                "delimiter and (2) a list of strings to be joined");
    std::string out;
    bool first = true;
    for (const json& item : *items) {
      const auto scalar = text_of_scalar(item);
      if (!scalar)
        return at(use.place, "Template error: Fn::Join has something that is no string in its list");
      if (!first) out += delimiter->get_ref<const std::string&>();
      first = false;
      out += *scalar;
    }
    return json(std::move(out));
  }

  Result<json> select(const FunctionUse& use) {
    const auto index = value(use.argument.list[0]);
    if (!index) return index;
    const auto items = value(use.argument.list[1]);
    if (!items) return items;
    if (is_unknown(*index) || (items->is_string() && is_unknown(*items))) return json(kUnknown);
    const std::string text = text_of_scalar(*index).value_or("");
    size_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc() || end != text.data() + text.size() || !items->is_array())
      return at(use.place,
                "Template error: every Fn::Select object requires two non-null parameters, an "
                "index and a list");
    if (number >= items->size())
      return at(use.place, "Template error: Fn::Select cannot select nonexistent value at index " +
                               std::to_string(number));
    return (*items)[number];
  }

  Result<json> split(const FunctionUse& use) {
    const auto delimiter = value(use.argument.list[0]);
    if (!delimiter) return delimiter;
    const auto text = value(use.argument.list[1]);
    if (!text) return text;
    if (is_unknown(*text)) return json(kUnknown);
    if (!delimiter->is_string() || delimiter->get_ref<const std::string&>().empty() ||
        !text->is_string())
      return at(use.place,
                "Template error: every Fn::Split object requires two parameters, (1) a string "
                "delimiter and (2) a string to be split");
    const std::string& between = delimiter->get_ref<const std::string&>();
    const std::string& whole = text->get_ref<const std::string&>();
    json parts = json::array();
    for (size_t start = 0;;) {
      const size_t next = whole.find(between, start);
      parts.push_back(whole.substr(start, next - start));
      if (next == std::string::npos) return parts;
      start = next + between.size();
    }
  }

  Result<json> choose(const FunctionUse& use) {
    const auto holds = owner_.condition(use.argument.list[0].text);
    if (!holds) return holds.error();
    return value(use.argument.list[*holds ? 1 : 2]);
  }

  Result<json> find_in_map(const FunctionUse& use) {
    std::vector<std::string> names;
    for (size_t i = 0; i < 3; ++i) {
      const auto name = value(use.argument.list[i]);
      if (!name) return name;
      if (is_unknown(*name)) return json(kUnknown);
      const auto text = text_of_scalar(*name);
      if (!text) return at(use.place, "Template error: Fn::FindInMap needs three strings");
      names.push_back(*text);
    }
    const Node* found = &owner_.template_.mappings;
    for (const std::string& name : names) found = found ? found->find(name) : nullptr;
    if (found) return value(*found);
    if (use.argument.list.size() == 4)
      if (const Node* otherwise = use.argument.list[3].find("DefaultValue"))
        return value(*otherwise);
    return at(use.place, "Template error: Unable to get mapping for " + names[0] + "::" + names[1] +
                             "::" + names[2]);
  }

  Result<json> encode(const FunctionUse& use) {
    const auto text = value(use.argument);
    if (!text) return text;
    if (is_unknown(*text)) return json(kUnknown);
    const auto scalar = text_of_scalar(*text);
    if (!scalar) return at(use.place, "Template error: every Fn::Base64 object must have a String");
    return json(base64_encode(*scalar));
  }

  Result<json> import(const FunctionUse& use) {
    const auto name = value(use.argument);
    if (!name) return name;
    if (is_unknown(*name) || !name->is_string())
      return at(use.place,
                "Template error: the name of Fn::ImportValue must be a string that depends on no "
                "resource");
    const auto& ask = owner_.surroundings_.import_value;
    const auto found = ask ? ask(*name) : std::nullopt;
    if (!found) return at(use.place, "No export named " + name->get<std::string>() + " found.");
    return json(*found);
  }

  Result<json> zones(const FunctionUse& use) {
    const auto region = value(use.argument);
    if (!region) return region;
    std::string name = text_of_scalar(*region).value_or("");
    if (name.empty()) name = owner_.surroundings_.region;
    return json({name + "a", name + "b", name + "c"});
  }

  Result<json> cidr(const FunctionUse& use) {
    std::vector<std::string> arguments;
    for (const Node& part : use.argument.list) {
      const auto one = value(part);
      if (!one) return one;
      if (is_unknown(*one)) return json(kUnknown);
      arguments.push_back(text_of_scalar(*one).value_or(""));
    }
    const auto blocks = cidr_blocks(arguments[0], arguments[1],
                                    arguments.size() > 2 ? arguments[2] : std::string());
    if (!blocks) return at(use.place, "Template error: Fn::Cidr: " + blocks.error().message);
    return json(*blocks);
  }

  Result<json> length(const FunctionUse& use) {
    const auto list = value(use.argument);
    if (!list) return list;
    if (list->is_string() && is_unknown(*list)) return *list;
    if (!list->is_array()) return at(use.place, "Template error: Fn::Length needs a list");
    return json(list->size());
  }

  Result<json> to_json_string(const FunctionUse& use) {
    const auto inner = value(use.argument);
    if (!inner) return inner;
    if (!inner->is_structured())
      return at(use.place, "Template error: Fn::ToJsonString needs a list or a map");
    return json(inner->dump());
  }

  Evaluator& owner_;
};

Evaluator::Evaluator(const Template& parsed, Surroundings surroundings)
    : template_(parsed), surroundings_(std::move(surroundings)) {}

Result<bool> Evaluator::condition(const std::string& name) {
  if (const auto known = conditions_.find(name); known != conditions_.end()) return known->second;
  for (const auto& [its_name, condition] : template_.conditions) {
    if (its_name != name) continue;
    const auto holds = Run(*this).condition(condition);
    if (holds) conditions_[name] = *holds;
    return holds;
  }
  return Error{ErrorKind::kInvalid, "ValidationError",
               "Template format error: Unresolved condition dependency " + name};
}

Result<bool> Evaluator::exists(const std::string& condition_name) {
  return condition_name.empty() ? Result<bool>(true) : condition(condition_name);
}

Result<json> Evaluator::value(const Node& node) {
  auto out = Run(*this).value(node);
  if (out && is_no_value(*out)) return json(nullptr);
  return out;
}

Result<void> Evaluator::check_rules() {
  for (const Member& rule : template_.rules.map) {
    if (const Node* when = rule.value.find("RuleCondition")) {
      const auto applies = Run(*this).condition(*when);
      if (!applies) return applies.error();
      if (!*applies) continue;
    }
    const Node* assertions = rule.value.find("Assertions");
    if (!assertions) continue;
    for (const Node& one : assertions->list) {
      const Node* assertion = one.find("Assert");
      if (!assertion) return at(one.place, "Template format error: an assertion has no Assert");
      const auto holds = Run(*this).condition(*assertion);
      if (!holds) return holds.error();
      if (*holds) continue;
      const Node* why = one.find("AssertDescription");
      return at(one.place, "Template error: the rule " + rule.name + " is not kept" +
                               (why ? ": " + why->text : std::string()));
    }
  }
  return {};
}

}  // namespace kiln::cfn
