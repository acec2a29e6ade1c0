// What a template's functions come to, once parameters, pseudo-parameters and resources are known.
//
//   Evaluator evaluator(parsed, surroundings);
//   if (evaluator.exists(resource)) Result<json> properties = evaluator.value(resource.properties);
//
// Errors: kInvalid, ValidationError, with the place in the message. Not thread-safe: it remembers
// the conditions that it has worked out. The template must outlive it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "template/parameters.h"
#include "template/template.h"

namespace kiln::cfn {

// Stands in a value for what isn't known before the deployment; a function of it is unknown as a
// whole, or has it as a part of its text (Sub, Join).
inline constexpr std::string_view kUnknown = "\uE000(known after deployment)\uE000";
bool is_unknown(const nlohmann::json& value);  // anywhere in it

// Stands around the name of what was left out of a stack: kLeftOut "Queue.Arn" kLeftOut. A function
// that looks into such a value gives it as it is.
inline constexpr std::string_view kLeftOut = "\uE00F";
bool is_left_out(const nlohmann::json& value);  // anywhere in it

// What the functions of one value may make: Fn::Join of a Fn::Split can multiply a text by itself.
inline constexpr size_t kMaxValueBytes = 2'097'152;

struct Surroundings {
  ParameterValues parameters;
  std::string account;
  std::string region;
  std::string stack_name;
  std::string stack_id;
  std::vector<std::string> notification_arns;
  // The value of an export; nullopt: nothing exports this name.
  std::function<std::optional<std::string>(const std::string& name)> import_value;
  // Ref (attribute "") and GetAtt of a resource; kUnknown where it isn't made yet.
  std::function<Result<nlohmann::json>(const std::string& logical_id, const std::string& attribute)>
      resource;
  // The value of {{resolve:SERVICE:REFERENCE}}; without it the text stays.
  std::function<Result<std::string>(const std::string& service, const std::string& reference)>
      dynamic = {};
};

class Evaluator {
 public:
  Evaluator(const Template& parsed, Surroundings surroundings);

  Result<bool> condition(const std::string& name);
  // Whether the resource's or output's condition (if any) is true.
  Result<bool> exists(const std::string& condition);
  // Functions evaluated, dynamic references resolved, members with AWS::NoValue left out. Scalars
  // stay as they are written: numbers as numbers, booleans as booleans, texts as texts.
  Result<nlohmann::json> value(const Node& node);
  // Rules of the template: ValidationError with the assertion's description when one fails.
  // `unanswered`: what asks for attributes that nobody here knows is refused, or taken as kept.
  enum class Unanswered { kRefused, kKept };
  Result<void> check_rules(Unanswered unanswered = Unanswered::kRefused);

 private:
  class Run;

  const Template& template_;
  const Surroundings surroundings_;
  std::map<std::string, bool> conditions_;
};

}  // namespace kiln::cfn
