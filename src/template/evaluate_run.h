// One evaluation of a value or a condition. Private to evaluate*.cc.
#pragma once

#include <string>

#include "template/evaluate.h"
#include "template/functions.h"

namespace kiln::cfn {

// What AWS::NoValue comes to while a value is put together.
inline bool is_no_value(const nlohmann::json& value) { return value.is_discarded(); }

Error evaluation_error(Place place, const std::string& message);

// A scalar as the text that Join and Sub put together; nullopt: a list or a map.
std::optional<std::string> text_of_scalar(const nlohmann::json& value);

class Evaluator::Run {
 public:
  using json = nlohmann::json;

  explicit Run(Evaluator& owner) : owner_(owner) {}

  Result<json> value(const Node& node);
  Result<bool> condition(const Node& node);

 private:
  Result<bool> rule_function(const std::string& name, const Node& argument);

  Result<json> function(const FunctionUse& use);
  Result<json> ref(const std::string& name, Place place);
  Result<json> resource(const std::string& id, const std::string& attribute, Place place);
  Result<json> get_att(const FunctionUse& use);
  Result<json> sub(const FunctionUse& use);
  Result<json> join(const FunctionUse& use);
  Result<json> select(const FunctionUse& use);
  Result<json> split(const FunctionUse& use);
  Result<json> choose(const FunctionUse& use);
  Result<json> find_in_map(const FunctionUse& use);
  Result<json> encode(const FunctionUse& use);
  Result<json> import(const FunctionUse& use);
  Result<json> zones(const FunctionUse& use);
  Result<json> cidr(const FunctionUse& use);
  Result<json> length(const FunctionUse& use);
  Result<json> ref_all(const FunctionUse& use);
  Result<json> to_json_string(const FunctionUse& use);

  // Error: what functions have made is more than kMaxValueBytes.
  Result<void> spend(size_t bytes, Place place);

  Evaluator& owner_;
  size_t spent_ = 0;
};

}  // namespace kiln::cfn
