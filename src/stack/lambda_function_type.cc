// AWS::Lambda::Function.
#include <array>

#include "base/arn.h"
#include "base/digest.h"
#include "base/json_access.h"
#include "stack/inline_code.h"
#include "stack/resource_type.h"
#include "template/evaluate.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

constexpr int kLongestWait_s = 300;
constexpr const char* kFunctionsPath = "/2015-03-31/functions";

std::string concurrency_path(const std::string& name) {
  return "/2017-10-31/functions/" + url_encoded(name) + "/concurrency";
}

constexpr Property kFunctionProperties[] = {
    {"Architectures"},
    {"Code", OnChange::kUpdate, Need::kRequired},
    {"DeadLetterConfig"},
    {"Description"},
    {"Environment"},
    {"EphemeralStorage"},
    {"FileSystemConfigs"},
    {"FunctionName", OnChange::kReplace},
    {"Handler"},
    {"KmsKeyArn"},
    {"Layers"},
    {"LoggingConfig"},
    {"MemorySize"},
    {"PackageType", OnChange::kReplace},
    {"RecursiveLoop"},
    {"ReservedConcurrentExecutions"},
    {"Role", OnChange::kUpdate, Need::kRequired},
    {"Runtime"},
    {"RuntimeManagementConfig"},
    {"SnapStart"},
    {"Tags"},
    {"Timeout"},
    {"TracingConfig"},
    {"VpcConfig"},
};

// What UpdateFunctionConfiguration takes, each with what stands for "not in the template".
const json& configuration_defaults() {
  static const json defaults = {
      {"DeadLetterConfig", {{"TargetArn", ""}}},
      {"Description", ""},
      {"Environment", json::object()},
      {"EphemeralStorage", {{"Size", 512}}},
      {"FileSystemConfigs", json::array()},
      {"Handler", nullptr},
      {"KMSKeyArn", ""},
      {"Layers", json::array()},
      {"LoggingConfig", nullptr},
      {"MemorySize", 128},
      {"Role", nullptr},
      {"Runtime", nullptr},
      {"SnapStart", {{"ApplyOn", "None"}}},
      {"Timeout", 3},
      {"TracingConfig", {{"Mode", "PassThrough"}}},
      {"VpcConfig", {{"SecurityGroupIds", json::array()}, {"SubnetIds", json::array()}}}};
  return defaults;
}

// The API writes one member's name in its own way.
json api_names(const json& properties) {
  json out = properties;
  if (const auto key = out.find("KmsKeyArn"); key != out.end()) {
    out["KMSKeyArn"] = *key;
    out.erase("KmsKeyArn");
  }
  return out;
}

// The member Code of CreateFunction: the same, but for code that stands in the template.
Result<json> code_of(const json& properties) {
  const json& code = json_member(properties, "Code");
  if (!code.is_object())
    return Error{ErrorKind::kInvalid, "ValidationError",
                 "Code is a local path (" + json_dump(code) +
                     "): package it first. `kiln deploy` does; `aws cloudformation package` does"};
  if (!code.contains("ZipFile")) return code;
  auto package = inline_package(text_of(properties, "Runtime"), text_of(code, "ZipFile"));
  if (!package) return package.error();
  return json{{"ZipFile", base64_encode(*package)}};
}

Result<void> reserve_verdict(const AwsApi& trial, const std::string& name, const json& reserved) {
  return verdict(
      trial.rest("PUT", concurrency_path(name), {{"ReservedConcurrentExecutions", reserved}}));
}

class FunctionType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::Lambda::Function"; }
  std::span<const Property> properties() const override { return kFunctionProperties; }
  std::vector<std::string_view> attributes() const override {
    return {"Arn", "SnapStartResponse.ApplyOn", "SnapStartResponse.OptimizationStatus"};
  }
  std::string_view name_property() const override { return "FunctionName"; }
  bool id_is_name() const override { return true; }

  Result<void> check(const AwsApi& trial, const std::string& name,
                     const json& properties) const override {
    const json later_code = {{"S3Bucket", "later"}};
    json known = known_part(properties, {{"Role", "arn:aws:iam::000000000000:role/later"},
                                         {"Code", later_code},
                                         {"Handler", "later"},
                                         {"Runtime", "provided.al2023"}});
    // Code that stands in the template is of one runtime.
    if (cfn::is_unknown(json_member(properties, "Runtime"))) known["Code"] = later_code;
    const auto body = creation(name, known);
    if (!body) return body.error();
    auto fine = verdict(trial.rest("POST", kFunctionsPath, *body));
    const json& reserved = json_member(properties, "ReservedConcurrentExecutions");
    if (!fine || reserved.is_null() || cfn::is_unknown(reserved)) return fine;
    return reserve_verdict(trial, name, reserved);
  }
  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    auto body = creation(name, properties);
    if (!body) return body.error();
    (*body)["Tags"].update(stack_tags(scope));
    if (auto made = scope.api.rest("POST", kFunctionsPath, *body); !made) return made.error();
    auto done = settle(scope, name);
    if (done && properties.contains("ReservedConcurrentExecutions"))
      done = reserve(scope, name, properties);
    if (done && properties.contains("RecursiveLoop")) done = set_loop(scope, name, properties);
    if (!done) {
      (void)remove(scope, name, properties);
      return done.error();
    }
    return made(scope, name, properties);
  }

  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    if (auto done = update_code(scope, id, before, after); !done) return done.error();
    if (auto done = update_configuration(scope, id, before, after); !done) return done.error();
    if (differs(before, after, "ReservedConcurrentExecutions"))
      if (auto done = reserve(scope, id, after); !done) return done.error();
    if (differs(before, after, "RecursiveLoop"))
      if (auto done = set_loop(scope, id, after); !done) return done.error();
    if (differs(before, after, "Tags"))
      if (auto done = retag(scope, id, before, after); !done) return done.error();
    return made(scope, id, after);
  }

  Result<void> remove(const Scope& scope, const std::string& id, const json&) const override {
    return gone(scope.api.rest("DELETE", "/2015-03-31/functions/" + url_encoded(id)));
  }

 private:
  // What CreateFunction is asked.
  static Result<json> creation(const std::string& name, const json& properties) {
    auto code = code_of(properties);
    if (!code) return code.error();
    json body = api_names(properties);
    for (const char* other :
         {"ReservedConcurrentExecutions", "RecursiveLoop", "RuntimeManagementConfig", "Tags"})
      body.erase(other);
    body["FunctionName"] = name;
    body["Code"] = std::move(*code);
    if (const json tags = tag_map(properties); !tags.empty()) body["Tags"] = tags;
    return body;
  }

  // What AWS tags each function of a stack with.
  static json stack_tags(const Scope& scope) {
    return {{"aws:cloudformation:stack-name", scope.stack_name},
            {"aws:cloudformation:stack-id", scope.stack_id},
            {"aws:cloudformation:logical-id", scope.logical_id}};
  }

  static std::string arn_of(const Scope& scope, const std::string& name) {
    return arn_start("lambda", scope.region) + scope.account + ":function:" + name;
  }

  static Made made(const Scope& scope, const std::string& name, const json& properties) {
    std::string apply_on = "None";
    if (const json& snap_start = json_member(properties, "SnapStart"); snap_start.is_object())
      if (const std::string given = text_of(snap_start, "ApplyOn"); !given.empty())
        apply_on = given;
    // $LATEST is never restored itself.
    return {name,
            {{"Arn", arn_of(scope, name)},
             {"SnapStartResponse.ApplyOn", apply_on},
             {"SnapStartResponse.OptimizationStatus", "Off"}}};
  }

  static Result<void> settle(const Scope& scope, const std::string& name) {
    const std::string path = "/2015-03-31/functions/" + url_encoded(name) + "/configuration";
    return wait_until(scope, kLongestWait_s, [&]() -> std::optional<Result<void>> {
      const auto now = scope.api.rest("GET", path);
      if (!now) return now.error();
      const std::string state = text_of(*now, "State");
      const std::string update = text_of(*now, "LastUpdateStatus");
      if (state == "Failed" || update == "Failed")
        return Error{ErrorKind::kInvalid, "NotStabilized",
                     text_of(*now, "StateReason") + text_of(*now, "LastUpdateStatusReason")};
      if (state == "Pending" || update == "InProgress") return std::nullopt;
      return Result<void>();
    });
  }

  static Result<void> reserve(const Scope& scope, const std::string& name, const json& properties) {
    const std::string path = concurrency_path(name);
    const auto reserved = properties.find("ReservedConcurrentExecutions");
    if (reserved == properties.end()) return gone(scope.api.rest("DELETE", path));
    const auto answer = scope.api.rest("PUT", path, {{"ReservedConcurrentExecutions", *reserved}});
    if (!answer) return answer.error();
    return {};
  }

  static Result<void> set_loop(const Scope& scope, const std::string& name,
                               const json& properties) {
    const std::string loop = text_of(properties, "RecursiveLoop");
    const auto answer =
        scope.api.rest("PUT", "/2024-08-31/functions/" + url_encoded(name) + "/recursion-config",
                       {{"RecursiveLoop", loop.empty() ? "Terminate" : loop}});
    if (!answer) return answer.error();
    return {};
  }

  static Result<void> update_code(const Scope& scope, const std::string& name, const json& before,
                                  const json& after) {
    // What the file in the zip is called follows the runtime.
    const bool repack =
        json_member(after, "Code").contains("ZipFile") && differs(before, after, "Runtime");
    if (!differs(before, after, "Code") && !differs(before, after, "Architectures") && !repack)
      return {};
    auto code = code_of(after);
    if (!code) return code.error();
    if (after.contains("Architectures") || before.contains("Architectures"))
      (*code)["Architectures"] =
          after.contains("Architectures") ? after["Architectures"] : json::array({"x86_64"});
    const auto answer =
        scope.api.rest("PUT", "/2015-03-31/functions/" + url_encoded(name) + "/code", *code);
    if (!answer) return answer.error();
    return settle(scope, name);
  }

  static Result<void> update_configuration(const Scope& scope, const std::string& name,
                                           const json& before, const json& after) {
    const json old = api_names(before);
    const json now = api_names(after);
    json body = json::object();
    for (const auto& [member, otherwise] : configuration_defaults().items()) {
      if (!differs(old, now, member.c_str())) continue;
      const auto wanted = now.find(member);
      const json& value = wanted == now.end() ? otherwise : *wanted;
      if (!value.is_null()) body[member] = value;
    }
    if (body.empty()) return {};
    const auto answer = scope.api.rest(
        "PUT", "/2015-03-31/functions/" + url_encoded(name) + "/configuration", body);
    if (!answer) return answer.error();
    return settle(scope, name);
  }

  static Result<void> retag(const Scope& scope, const std::string& name, const json& before,
                            const json& after) {
    const std::string arn = arn_of(scope, name);
    const std::string path = "/2017-03-31/tags/" + url_encoded(arn);
    const TagChange change = tag_change(before, after);
    std::string keys;
    for (const std::string& key : change.removed)
      keys += (keys.empty() ? "?tagKeys=" : "&tagKeys=") + url_encoded(key);
    if (!keys.empty())
      if (const auto done = scope.api.rest("DELETE", path + keys); !done) return done.error();
    if (!change.wanted.empty())
      if (const auto done = scope.api.rest("POST", path, {{"Tags", change.wanted}}); !done)
        return done.error();
    return {};
  }
};

}  // namespace

Result<void> check_reserve(const AwsApi& trial, int64_t reserved) {
  return reserve_verdict(trial, "any", reserved);
}

std::span<const ResourceType* const> lambda_function_types() {
  static const FunctionType function{};
  static constexpr std::array<const ResourceType*, 1> all = {&function};
  return all;
}

}  // namespace kiln::stack
