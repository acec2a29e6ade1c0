#include "stack/custom_resource.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/ascii.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "stack/resource_type.h"
#include "stack/validation_error.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

constexpr size_t kMaxTypeName = 60;
constexpr size_t kMaxPhysicalId = 1024;
constexpr int kLongestTimeout_s = 3600;

// Those that Kiln itself looks at; a custom resource may have any.
constexpr Property kCustomProperties[] = {
    {"ServiceToken", OnChange::kUpdate, Need::kRequired},
    {"ServiceTimeout"},
};

// Providers get all scalars as texts.
json scalars_as_texts(const json& value) {
  if (value.is_object()) {
    json out = json::object();
    for (const auto& [name, item] : value.items()) out[name] = scalars_as_texts(item);
    return out;
  }
  if (value.is_array()) {
    json out = json::array();
    for (const json& item : value) out.push_back(scalars_as_texts(item));
    return out;
  }
  return value.is_string() ? value : json(json_dump(value));
}

Result<int> service_timeout(const json& properties) {
  const auto found = properties.find("ServiceTimeout");
  if (found == properties.end()) return kLongestTimeout_s;
  const std::string text = found->is_string() ? json_text(*found) : json_dump(*found);
  int seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code == std::errc() && end == text.data() + text.size() && seconds >= 1 &&
      seconds <= kLongestTimeout_s)
    return seconds;
  return validation_error("ServiceTimeout is '" + text +
                          "'; it must be a number of seconds from 1 to " +
                          std::to_string(kLongestTimeout_s));
}

class CustomResourceType final : public ResourceType {
 public:
  std::string_view name() const override { return kCustomResource; }
  std::span<const Property> properties() const override { return kCustomProperties; }
  bool is_custom() const override { return true; }
  bool is_removed_later() const override { return true; }
  bool may_have(std::string_view) const override { return true; }

  Result<Made> create(const Scope& scope, const std::string& /*name*/,
                      const json& properties) const override {
    auto answer = ask(scope, "Create", properties, json::object());
    if (!answer) return answer.error();  // that nobody answered is kHalfMade
    auto made = made_of(*answer);
    if (made) return made;
    const std::string id = json_text(*answer, "PhysicalResourceId");
    if (id.empty()) return Error{made.error().kind, kHalfMade, made.error().message};
    // What a provider has begun before it failed, it is asked to remove: by the id that it gave.
    (void)ask(scope, "Delete", properties, {{"PhysicalResourceId", id}});
    return made;
  }

  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    if (text_of(before, "ServiceToken") != text_of(after, "ServiceToken"))
      return validation_error("Modifying service token is not allowed.");
    const auto answer =
        ask(scope, "Update", after,
            {{"PhysicalResourceId", id}, {"OldResourceProperties", scalars_as_texts(before)}});
    if (!answer) return answer.error();
    return made_of(*answer);
  }

  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    const auto answer = ask(scope, "Delete", properties, {{"PhysicalResourceId", id}});
    if (!answer) return answer.error();
    return status_of(*answer);
  }

 private:
  static Result<json> ask(const Scope& scope, const char* what, const json& properties,
                          const json& more) {
    const std::string token = text_of(properties, "ServiceToken");
    if (!is_service_token(token)) return validation_error("Invalid service token.");
    const auto timeout = service_timeout(properties);
    if (!timeout) return timeout.error();
    if (!scope.provider || !*scope.provider)
      return validation_error("Custom resources have no provider here");
    json request = {{"RequestType", what},
                    {"StackId", scope.stack_id},
                    {"RequestId", new_uuid()},
                    {"LogicalResourceId", scope.logical_id},
                    {"ResourceType", scope.resource_type},
                    {"ServiceToken", token},
                    {"ResourceProperties", scalars_as_texts(properties)}};
    request.update(more);
    return (*scope.provider)({scope.region, token, std::move(request), *timeout, scope.cancelled});
  }

  static Result<void> status_of(const json& answer) {
    const std::string status = json_text(answer, "Status");
    if (status == "SUCCESS") return {};
    if (status != "FAILED")
      return validation_error("Invalid response status '" + status + "': it is SUCCESS or FAILED");
    const std::string reason = json_text(answer, "Reason");
    return validation_error(
        "Received response status [FAILED] from custom resource. Message returned: " +
        (reason.empty() ? "No reason was given" : reason) +
        " (RequestId: " + json_text(answer, "RequestId") + ")");
  }

  static Result<Made> made_of(const json& answer) {
    if (auto fine = status_of(answer); !fine) return fine.error();
    Made made{json_text(answer, "PhysicalResourceId"), json::object()};
    if (made.id.empty() || made.id.size() > kMaxPhysicalId)
      return validation_error("Invalid PhysicalResourceId");
    if (const auto data = answer.find("Data"); data != answer.end() && data->is_object())
      made.attributes = *data;
    return made;
  }
};

}  // namespace

bool is_custom_name(std::string_view type) {
  constexpr std::string_view kPrefix = "Custom::";
  return type.starts_with(kPrefix) && type.size() > kPrefix.size() && type.size() <= kMaxTypeName &&
         std::all_of(type.begin() + kPrefix.size(), type.end(), [](char c) {
           return ascii::is_alnum(c) || c == '_' || c == '@' || c == '-' || c == ':';
         });
}

bool is_service_token(std::string_view token) {
  return token.starts_with("arn:") && (token.find(":lambda:") != std::string_view::npos ||
                                       token.find(":sns:") != std::string_view::npos);
}

std::span<const ResourceType* const> custom_types() {
  static const CustomResourceType custom{};
  static constexpr std::array<const ResourceType*, 1> all = {&custom};
  return all;
}

}  // namespace kiln::stack
