// CloudFormation's functions, each with the value of its arguments.
#include <algorithm>
#include <charconv>
#include <map>

#include "base/arn.h"
#include "base/digest.h"
#include "base/json_access.h"
#include "template/cidr.h"
#include "template/evaluate_run.h"

namespace kiln::cfn {
namespace {

using nlohmann::json;

// Of the parts of a list or map besides their texts: what they take in memory.
constexpr size_t kPartBytes = 32;

size_t size_of(const json& value) {
  if (value.is_string()) return kPartBytes + json_text(value).size();
  size_t size = kPartBytes;
  if (value.is_array())
    for (const json& item : value) size += size_of(item);
  if (value.is_object())
    for (const auto& [name, member] : value.items()) size += name.size() + size_of(member);
  return size;
}

// Whether a function can't look into a value, and what it gives instead.
bool is_closed(const json& value) { return is_unknown(value) || is_left_out(value); }
json closed(const json& value) {
  if (is_unknown(value)) return json(kUnknown);
  if (value.is_string()) return value;
  for (const json& item : value)
    if (is_left_out(item)) return closed(item);
  return json(kUnknown);
}

}  // namespace

Result<void> Evaluator::Run::spend(size_t bytes, Place place) {
  spent_ += bytes;
  if (spent_ <= kMaxValueBytes) return {};
  return evaluation_error(place, "Template error: the functions of this value make more than " +
                                     std::to_string(kMaxValueBytes) + " bytes");
}

Result<json> Evaluator::Run::function(const FunctionUse& use) {
  using Function = Result<json> (Run::*)(const FunctionUse&);
  static constexpr std::pair<std::string_view, Function> kFunctions[] = {
      {"Fn::Base64", &Run::encode},         {"Fn::Cidr", &Run::cidr},
      {"Fn::FindInMap", &Run::find_in_map}, {"Fn::GetAZs", &Run::zones},
      {"Fn::GetAtt", &Run::get_att},        {"Fn::If", &Run::choose},
      {"Fn::ImportValue", &Run::import},    {"Fn::Join", &Run::join},
      {"Fn::Length", &Run::length},         {"Fn::Select", &Run::select},
      {"Fn::Split", &Run::split},           {"Fn::Sub", &Run::sub},
      {"Fn::RefAll", &Run::ref_all},        {"Fn::ToJsonString", &Run::to_json_string}};
  if (const std::string problem = shape_problem(use); !problem.empty())
    return evaluation_error(use.place, problem);
  Result<json> out = json();
  if (use.name == "Ref") {
    out = ref(use.argument.text, use.place);
  } else {
    const auto found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                    [&](const auto& each) { return each.first == use.name; });
    if (use.name == "Fn::Transform")
      return evaluation_error(use.place, "Template error: AWS::Include can't be carried out here");
    if (asks_for_attributes(use.name))
      return evaluation_error(use.place,
                              "Template error: " + std::string(use.name) +
                                  " asks for attributes of things that are not here, such as VPCs; "
                                  "`kiln deploy --skip-unsupported` takes the rule as kept");
    if (found == std::end(kFunctions))
      return evaluation_error(use.place,
                              "Template error: " + std::string(use.name) + " gives no value");
    out = (this->*found->second)(use);
  }
  if (!out) return out;
  if (auto fine = spend(size_of(*out), use.place); !fine) return fine.error();
  return out;
}

Result<json> Evaluator::Run::ref(const std::string& name, Place place) {
  const Surroundings& around = owner_.surroundings_;
  if (name == "AWS::AccountId") return json(around.account);
  if (name == "AWS::Region") return json(around.region);
  if (name == "AWS::StackName") return json(around.stack_name);
  if (name == "AWS::StackId") return json(around.stack_id);
  if (name == "AWS::Partition") return json(partition_of(around.region));
  if (name == "AWS::URLSuffix") return json(url_suffix_of(around.region));
  if (name == "AWS::NotificationARNs") return json(around.notification_arns);
  if (name == "AWS::NoValue") return json(json::value_t::discarded);
  if (const auto given = around.parameters.find(name); given != around.parameters.end())
    return given->second;
  if (owner_.template_.resource(name) || owner_.template_.whole_of(name))
    return resource(name, "", place);
  return evaluation_error(place,
                          "Template error: Ref of " + name + ", which is not in the template");
}

Result<json> Evaluator::Run::resource(const std::string& id, const std::string& attribute,
                                      Place place) {
  const Resource* found = owner_.template_.resource(id);
  if (!found) found = owner_.template_.whole_of(id);
  if (found && !found->condition.empty()) {
    const auto there = owner_.condition(found->condition);
    if (!there) return there.error();
    if (!*there)
      return evaluation_error(place, "Template format error: Unresolved resource dependencies [" +
                                         id +
                                         "] in the Resources block of the template\nThe "
                                         "condition of " +
                                         id + ", " + found->condition + ", is false");
  }
  if (!owner_.surroundings_.resource) return json(kUnknown);
  auto value = owner_.surroundings_.resource(found ? found->logical_id : id, attribute);
  if (!value) return evaluation_error(place, value.error().message);
  return value;
}

Result<json> Evaluator::Run::get_att(const FunctionUse& use) {
  const Attribute attribute = attribute_of(use.argument);
  if (!attribute.computed) return resource(attribute.resource, attribute.attribute, use.place);
  const auto name = value(*attribute.computed);
  if (!name) return name;
  if (is_closed(*name)) return closed(*name);
  if (!name->is_string())
    return evaluation_error(use.place, "Template error: the attribute of Fn::GetAtt is no string");
  return resource(attribute.resource, json_text(*name), use.place);
}

Result<json> Evaluator::Run::sub(const FunctionUse& use) {
  const bool list = use.argument.is_list();
  const Node& text = list ? use.argument.list[0] : use.argument;
  std::map<std::string_view, const Node*> own;
  if (list)
    for (const Member& variable : use.argument.list[1].map) own[variable.name] = &variable.value;
  std::string out;
  for (const SubPart& part : sub_parts(text.text)) {
    if (part.kind == SubPart::Kind::kText) {
      out += part.text;
      continue;
    }
    const auto variable = own.find(part.text);
    const size_t dot = part.text.find('.');
    auto inner = variable != own.end() ? value(*variable->second)
                 : dot == std::string::npos
                     ? ref(part.text, use.place)
                     : resource(part.text.substr(0, dot), part.text.substr(dot + 1), use.place);
    if (!inner) return inner;
    const auto scalar = text_of_scalar(*inner);
    if (!scalar)
      return evaluation_error(use.place, "Template error: variable " + part.text +
                                             " in Fn::Sub expression does not resolve to a string");
    if (auto fine = spend(scalar->size(), use.place); !fine) return fine.error();
    out += *scalar;
  }
  return json(std::move(out));
}

Result<json> Evaluator::Run::join(const FunctionUse& use) {
  const auto delimiter = value(use.argument.list[0]);
  if (!delimiter) return delimiter;
  const auto items = value(use.argument.list[1]);
  if (!items) return items;
  if (items->is_string() && is_closed(*items)) return *items;
  if (!delimiter->is_string() || !items->is_array())
    return evaluation_error(
        use.place,
        "Template error: every Fn::Join object requires two parameters, (1) a string "
        "delimiter and (2) a list of strings to be joined");
  std::string out;
  bool first = true;
  for (const json& item : *items) {
    const auto scalar = text_of_scalar(item);
    if (!scalar)
      return evaluation_error(
          use.place, "Template error: Fn::Join has something that is no string in its list");
    const size_t more = json_text(*delimiter).size() + scalar->size();
    if (auto fine = spend(more, use.place); !fine) return fine.error();
    if (!first) out += json_text(*delimiter);
    first = false;
    out += *scalar;
  }
  return json(std::move(out));
}

// Also what AWS says of an index beyond a list that stands in the template.
const std::string kSelects =
    "Template error: Fn::Select requires a list argument with two elements: an integer index and a "
    "list";

Result<json> Evaluator::Run::select(const FunctionUse& use) {
  const auto index = value(use.argument.list[0]);
  if (!index) return index;
  const auto items = value(use.argument.list[1]);
  if (!items) return items;
  if (is_closed(*index)) return closed(*index);
  if (items->is_string() && is_closed(*items)) return closed(*items);
  const std::string text = text_of_scalar(*index).value_or("");
  size_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || !items->is_array())
    return evaluation_error(use.place, kSelects);
  if (number >= items->size())
    return evaluation_error(
        use.place, use.argument.list[1].is_list()
                       ? kSelects
                       : "Template error: Fn::Select cannot select nonexistent value at index " +
                             std::to_string(number));
  return (*items)[number];
}

Result<json> Evaluator::Run::split(const FunctionUse& use) {
  const auto delimiter = value(use.argument.list[0]);
  if (!delimiter) return delimiter;
  const auto text = value(use.argument.list[1]);
  if (!text) return text;
  if (is_closed(*text)) return closed(*text);
  if (is_closed(*delimiter)) return closed(*delimiter);
  if (!delimiter->is_string() || json_text(*delimiter).empty() || !text->is_string())
    return evaluation_error(
        use.place,
        "Template error: every Fn::Split object requires two parameters, (1) a string "
        "delimiter and (2) a string to be split");
  const std::string& between = json_text(*delimiter);
  const std::string& whole = json_text(*text);
  json parts = json::array();
  for (size_t start = 0;;) {
    const size_t next = whole.find(between, start);
    if (auto fine = spend(kPartBytes, use.place); !fine) return fine.error();
    parts.push_back(whole.substr(start, next - start));
    if (next == std::string::npos) return parts;
    start = next + between.size();
  }
}

Result<json> Evaluator::Run::choose(const FunctionUse& use) {
  const auto holds = owner_.condition(use.argument.list[0].text);
  if (!holds) return holds.error();
  return value(use.argument.list[*holds ? 1 : 2]);
}

Result<json> Evaluator::Run::find_in_map(const FunctionUse& use) {
  std::vector<std::string> names;
  for (size_t i = 0; i < 3; ++i) {
    const auto name = value(use.argument.list[i]);
    if (!name) return name;
    if (is_closed(*name)) return closed(*name);
    const auto text = text_of_scalar(*name);
    if (!text)
      return evaluation_error(use.place, "Template error: Fn::FindInMap needs three strings");
    names.push_back(*text);
  }
  const Node* found = &owner_.template_.mappings;
  for (const std::string& name : names) found = found ? found->find(name) : nullptr;
  if (found) return to_json(*found);
  if (use.argument.list.size() == 4)
    if (const Node* otherwise = use.argument.list[3].find("DefaultValue")) return value(*otherwise);
  return evaluation_error(use.place, "Template error: Unable to get mapping for " + names[0] +
                                         "::" + names[1] + "::" + names[2]);
}

Result<json> Evaluator::Run::encode(const FunctionUse& use) {
  const auto text = value(use.argument);
  if (!text) return text;
  if (is_closed(*text)) return closed(*text);
  const auto scalar = text_of_scalar(*text);
  if (!scalar)
    return evaluation_error(use.place,
                            "Template error: every Fn::Base64 object must have a String");
  return json(base64_encode(*scalar));
}

Result<json> Evaluator::Run::import(const FunctionUse& use) {
  const auto name = value(use.argument);
  if (!name) return name;
  if (is_unknown(*name) || !name->is_string())
    return evaluation_error(
        use.place,
        "Template error: the name of Fn::ImportValue must be a string that depends on no "
        "resource");
  const auto& ask = owner_.surroundings_.import_value;
  const auto found = ask ? ask(json_text(*name)) : std::nullopt;
  if (!found) return evaluation_error(use.place, "No export named " + json_text(*name) + " found.");
  return json(*found);
}

Result<json> Evaluator::Run::zones(const FunctionUse& use) {
  const auto region = value(use.argument);
  if (!region) return region;
  if (is_closed(*region)) return closed(*region);
  std::string name = text_of_scalar(*region).value_or("");
  if (name.empty()) name = owner_.surroundings_.region;
  return json({name + "a", name + "b", name + "c"});
}

Result<json> Evaluator::Run::cidr(const FunctionUse& use) {
  std::vector<std::string> arguments;
  for (const Node& part : use.argument.list) {
    const auto one = value(part);
    if (!one) return one;
    if (is_closed(*one)) return closed(*one);
    arguments.push_back(text_of_scalar(*one).value_or(""));
  }
  const auto blocks =
      cidr_blocks(arguments[0], arguments[1], arguments.size() > 2 ? arguments[2] : std::string());
  if (!blocks)
    return evaluation_error(use.place, "Template error: Fn::Cidr: " + blocks.error().message);
  return json(*blocks);
}

Result<json> Evaluator::Run::length(const FunctionUse& use) {
  const auto list = value(use.argument);
  if (!list) return list;
  if (list->is_string() && is_closed(*list)) return *list;
  if (!list->is_array())
    return evaluation_error(use.place, "Template error: Fn::Length needs a list");
  return json(list->size());
}

// Of all parameters of one type: that is all that is known here.
Result<json> Evaluator::Run::ref_all(const FunctionUse& use) {
  json all = json::array();
  for (const Parameter& parameter : owner_.template_.parameters) {
    if (parameter.type != use.argument.text) continue;
    const auto value = owner_.surroundings_.parameters.find(parameter.name);
    if (value != owner_.surroundings_.parameters.end()) all.push_back(value->second);
  }
  return all;
}

Result<json> Evaluator::Run::to_json_string(const FunctionUse& use) {
  const auto inner = value(use.argument);
  if (!inner) return inner;
  if (inner->is_string() && is_closed(*inner)) return closed(*inner);
  if (!inner->is_structured())
    return evaluation_error(use.place, "Template error: Fn::ToJsonString needs a list or a map");
  return json(json_dump(*inner));
}

}  // namespace kiln::cfn
