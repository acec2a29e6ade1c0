// AWS::CloudFormation::Stack: a stack of a stack, made by CloudFormation's own API.
#include <array>
#include <charconv>

#include "base/json_access.h"
#include "stack/resource_type.h"
#include "stack/validation_error.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

// Nobody waits longer than this for one that has no TimeoutInMinutes.
constexpr int kLongestNestedWait_s = 24 * 60 * 60;
constexpr std::string_view kOutputsPrefix = "Outputs.";

constexpr Property kNestedProperties[] = {
    {"NotificationARNs"},
    {"Parameters"},
    {"Tags"},
    {"TemplateURL", OnChange::kUpdate, Need::kRequired},
    {"TimeoutInMinutes"},
};

// The answer's list under `name`.
const json& answered_list(const json& answer, const char* name) {
  static const json none = json::array();
  const json& found = json_member(answer, name);
  return found.is_array() ? found : none;
}

AwsApi::Form nested_form(const Scope& scope, const std::string& stack, const json& properties) {
  AwsApi::Form form = {
      {"StackName", stack},
      {"TemplateURL", text_of(properties, "TemplateURL")},
      {"KilnSkipUnsupported", scope.unsupported == Wish::Unsupported::kSkip ? "true" : "false"}};
  const auto add = [&](const char* list, const char* member, size_t number, std::string value) {
    form.emplace_back(std::string(list) + ".member." + std::to_string(number) + member,
                      std::move(value));
  };
  size_t number = 0;
  for (const auto& [name, value] : json_member(properties, "Parameters").items()) {
    add("Parameters", ".ParameterKey", ++number, name);
    add("Parameters", ".ParameterValue", number, text_of_value(value));
  }
  number = 0;
  const json tags = tag_map(properties);
  for (const auto& [name, value] : tags.items()) {
    add("Tags", ".Key", ++number, name);
    add("Tags", ".Value", number, value.is_string() ? json_text(value) : json_dump(value));
  }
  number = 0;
  for (const std::string& name : scope.capabilities) add("Capabilities", "", ++number, name);
  number = 0;
  for (const json& arn : answered_list(properties, "NotificationARNs"))
    add("NotificationARNs", "", ++number, text_of_value(arn));
  return form;
}

using Waited = std::optional<Result<void>>;

class NestedStackType final : public ResourceType {
 public:
  std::string_view name() const override { return kStackType; }
  std::span<const Property> properties() const override { return kNestedProperties; }
  size_t max_name() const override { return 128; }
  bool is_removed_later() const override { return true; }
  bool may_have(std::string_view attribute) const override {
    return attribute.starts_with(kOutputsPrefix);
  }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    AwsApi::Form form = nested_form(scope, name, properties);
    form.emplace_back("KilnParentStackId", scope.stack_id);
    const auto begun = scope.api.query("cloudformation", "CreateStack", form);
    if (!begun) return begun.error();
    const std::string id = text_of(*begun, "StackId");
    auto made = settled(scope, id, properties, "CREATE_COMPLETE", "created");
    if (made || made.error().type == "Cancelled") return made;
    return Error{made.error().kind, kHalfMade, made.error().message};
  }

  Result<Made> update(const Scope& scope, const std::string& id, const json&,
                      const json& after) const override {
    // On the way back it may still be at what was interrupted.
    if (auto quiet = settled(scope, id, after, "", ""); !quiet) return quiet;
    const auto begun =
        scope.api.query("cloudformation", "UpdateStack", nested_form(scope, id, after));
    const bool nothing =
        !begun && begun.error().message.find("No updates are to be performed") != std::string::npos;
    if (!begun && !nothing) return begun.error();
    auto made = settled(scope, id, after, nothing ? "" : "UPDATE_COMPLETE", "updated");
    if (!made && made.error().type == "Cancelled")
      (void)scope.api.query("cloudformation", "CancelUpdateStack", {{"StackName", id}});
    return made;
  }

  Result<void> remove(const Scope& scope, const std::string& id, const json&) const override {
    return take_down(scope, id);
  }

 private:
  static Result<json> describe(const Scope& scope, const std::string& stack) {
    auto answer = scope.api.query("cloudformation", "DescribeStacks", {{"StackName", stack}});
    if (!answer) return answer.error();
    const json& stacks = answered_list(*answer, "Stacks");
    if (stacks.empty()) return validation_error("Stack with id " + stack + " does not exist");
    return stacks.front();
  }

  static bool is_gone(const Error& error) {
    return error.message.find("does not exist") != std::string::npos;
  }

  // Waits until nothing is in progress. `wanted`: the status of success, "" for any.
  static Result<Made> settled(const Scope& scope, const std::string& id, const json& properties,
                              const std::string& wanted, const char* verb) {
    json now;
    const auto ended = wait_until(scope, nested_timeout(properties), [&]() -> Waited {
      auto stack = describe(scope, id);
      if (!stack) return Result<void>(stack.error());
      now = std::move(*stack);
      if (text_of(now, "StackStatus").ends_with("_IN_PROGRESS")) return std::nullopt;
      return Result<void>();
    });
    if (!ended) return ended.error();
    if (!wanted.empty() && text_of(now, "StackStatus") != wanted)
      return validation_error("Embedded stack " + id + " was not successfully " + verb + ": " +
                              why(scope, id));
    Made made{id, json::object()};
    for (const json& output : answered_list(now, "Outputs"))
      made.attributes[std::string(kOutputsPrefix) + text_of(output, "OutputKey")] =
          text_of(output, "OutputValue");
    return made;
  }

  // What it says of the first of its resources that failed.
  static std::string why(const Scope& scope, const std::string& id) {
    const auto events =
        scope.api.query("cloudformation", "DescribeStackEvents", {{"StackName", id}});
    std::string reason;
    if (!events) return reason;
    for (const json& event : answered_list(*events, "StackEvents")) {  // the newest first
      const std::string status = text_of(event, "ResourceStatus");
      const bool own = text_of(event, "PhysicalResourceId") == id;
      if (own && (status == "CREATE_IN_PROGRESS" || status == "UPDATE_IN_PROGRESS")) break;
      if (!own && status.ends_with("_FAILED"))
        reason = "The following resource(s) failed: [" + text_of(event, "LogicalResourceId") +
                 "]. " + text_of(event, "ResourceStatusReason");
    }
    return reason;
  }

  static Result<void> take_down(const Scope& scope, const std::string& stack) {
    const auto there = describe(scope, stack);
    if (!there) return is_gone(there.error()) ? Result<void>() : there.error();
    const std::string id = text_of(*there, "StackId");
    bool asked = false;
    return wait_until(scope, kLongestNestedWait_s, [&]() -> Waited {
      const auto now = describe(scope, id);
      if (!now) return is_gone(now.error()) ? Result<void>() : Result<void>(now.error());
      const std::string status = text_of(*now, "StackStatus");
      if (status == "DELETE_COMPLETE") return Result<void>();
      const bool making = status == "CREATE_IN_PROGRESS" && !asked;
      if (status.ends_with("_IN_PROGRESS") && !making) return std::nullopt;
      if (asked)
        return Result<void>(validation_error(
            "Embedded stack " + id +
            " was not successfully deleted: " + text_of(*now, "StackStatusReason")));
      const auto begun = scope.api.query("cloudformation", "DeleteStack", {{"StackName", id}});
      if (!begun) return Result<void>(begun.error());
      asked = true;
      return std::nullopt;
    });
  }

  static int nested_timeout(const json& properties) {
    const std::string text = text_of_value(json_member(properties, "TimeoutInMinutes"));
    int minutes = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), minutes);
    const bool given = code == std::errc() && end == text.data() + text.size() && minutes > 0;
    return given && minutes < kLongestNestedWait_s / 60 ? minutes * 60 : kLongestNestedWait_s;
  }
};

}  // namespace

std::span<const ResourceType* const> nested_types() {
  static const NestedStackType nested{};
  static constexpr std::array<const ResourceType*, 1> all = {&nested};
  return all;
}

}  // namespace kiln::stack
