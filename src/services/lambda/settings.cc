// GetFunctionCodeSigningConfig, PutFunctionCodeSigningConfig, DeleteFunctionCodeSigningConfig,
// GetFunctionRecursionConfig, PutFunctionRecursionConfig, GetRuntimeManagementConfig,
// PutRuntimeManagementConfig. Code signing and runtimes have one value here, and others are
// refused.
#include "services/lambda/settings.h"

#include "base/arn.h"
#include "base/ascii.h"
#include "model/violations.h"
#include "services/lambda/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// With the qualifier, which is there.
Result<Target> find_qualified(const LambdaCall& call) {
  auto target = find_target(call);
  if (target && !model::resolve_qualifier(*target->function, target->ref.qualifier, 1))
    return function_not_found(call, target->ref);
  return target;
}

json runtime_document(const LambdaCall& call, const Target& target) {
  return {{"UpdateRuntimeOn", "Auto"},
          {"FunctionArn", target_arn(call, target.ref, target.ref.qualifier)}};
}

// arn:(aws[a-zA-Z-]*)?:lambda:REGION:\d{12}:code-signing-config:csc-[a-z0-9]{17}
Result<void> check_signing_arn(const std::string& arn) {
  constexpr size_t kMost = 200, kId = 17;
  constexpr std::string_view kKind = ":code-signing-config:csc-";
  model::Violations violations;
  violations.check_length(arn, "codeSigningConfigArn", 0, kMost);
  const size_t at = arn.find(kKind);
  const std::string_view id = at == std::string::npos
                                  ? std::string_view()
                                  : std::string_view(arn).substr(at + kKind.size());
  if (!is_arn_of(arn, "lambda") || id.size() != kId ||
      !ascii::all(id, [](char c) { return ascii::is_lower(c) || ascii::is_digit(c); }))
    violations.add(arn, "codeSigningConfigArn",
                   "Member must satisfy regular expression pattern: "
                   "arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-"
                   "\\d{1}:\\d{12}:code-signing-config:csc-[a-z0-9]{17}");
  return violations.result();
}

}  // namespace

// There are no code signing configurations, so no function has one.
OperationResult get_function_code_signing(LambdaCall& call) {
  auto target = find_unqualified_target(call);
  if (!target) return target.error();
  return json_response(200, {{"FunctionName", target->ref.name}});
}

OperationResult put_function_code_signing(LambdaCall& call) {
  Fields fields(call.body);
  const auto arn = fields.text("CodeSigningConfigArn");
  if (auto read = fields.result(); !read) return read.error();
  if (!arn) return missing_member("codeSigningConfigArn");
  if (auto valid = check_signing_arn(*arn); !valid) return valid.error();
  // Before the function is looked for, as on AWS.
  return Error{ErrorKind::kNotFound, "CodeSigningConfigNotFoundException",
               "The code signing configuration cannot be found. Check that the provided "
               "configuration is not deleted: " +
                   *arn + "."};
}

OperationResult delete_function_code_signing(LambdaCall& call) {
  auto target = find_unqualified_target(call);
  if (!target) return target.error();
  return empty_response(204);
}

OperationResult get_recursion_config(LambdaCall& call) {
  auto target = find_unqualified_target(call);
  if (!target) return target.error();
  return json_response(200, {{"RecursiveLoop", target->function->recursive_loop}});
}

OperationResult put_recursion_config(LambdaCall& call) {
  Fields fields(call.body);
  const auto loop = fields.text("RecursiveLoop");
  if (auto read = fields.result(); !read) return read.error();
  if (!loop) return missing_member("recursiveLoop");
  if (*loop != "Terminate" && *loop != "Allow")
    return enum_violation(*loop, "recursiveLoop", "Terminate, Allow");
  auto target = find_unqualified_target(call);
  if (!target) return target.error();
  if (*loop != target->function->recursive_loop) {
    auto next = std::make_shared<model::Function>(*target->function);
    next->recursive_loop = *loop;
    if (auto put = call.registry.put(std::move(next)); !put) return put.error();
  }
  return json_response(200, {{"RecursiveLoop", *loop}});
}

OperationResult get_runtime_management(LambdaCall& call) {
  auto target = find_qualified(call);
  if (!target) return target.error();
  return json_response(200, runtime_document(call, *target));
}

OperationResult put_runtime_management(LambdaCall& call) {
  Fields fields(call.body);
  const auto update_on = fields.text("UpdateRuntimeOn"), version = fields.text("RuntimeVersionArn");
  if (auto read = fields.result(); !read) return read.error();
  if (!update_on) return missing_member("updateRuntimeOn");
  if (*update_on != "Auto" && *update_on != "Manual" && *update_on != "FunctionUpdate")
    return enum_violation(*update_on, "updateRuntimeOn", "Auto, Manual, FunctionUpdate");
  if (version) {
    model::Violations violations;
    violations.check_length(*version, "runtimeVersionArn", 26, 2048);
    if (auto fits = violations.result(); !fits) return fits.error();
  }
  auto target = find_qualified(call);
  if (!target) return target.error();
  if (*update_on != "Auto" || version)
    return invalid_parameter(
        "Kiln runs the machine's runtimes, so a function can't be held at a runtime version; use "
        "UpdateRuntimeOn Auto.");
  return json_response(200, runtime_document(call, *target));
}

}  // namespace kiln::services
