// What belongs to functions besides versions and aliases: URLs, permissions, event invoke
// configurations, layers.
#include <array>

#include "base/json_access.h"
#include "stack/function_path.h"
#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

std::string qualifier_of(const json& properties) {
  const std::string qualifier = text_of(properties, "Qualifier");
  return qualifier.empty() ? "" : "?Qualifier=" + url_encoded(qualifier);
}

constexpr Property kUrlProperties[] = {
    {"AuthType", OnChange::kUpdate, kRequired}, {"Cors"}, {"InvokeMode"}, {"Qualifier", kReplace},
    {"TargetFunctionArn", kReplace, kRequired},
};

class UrlType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::Lambda::Url"; }
  std::span<const Property> properties() const override { return kUrlProperties; }
  std::vector<std::string_view> attributes() const override {
    return {"FunctionArn", "FunctionUrl"};
  }

  Result<Made> create(const Scope& scope, const std::string&,
                      const json& properties) const override {
    auto made = made_of(scope.api.rest("POST", path(properties),
                                       pick(properties, {"AuthType", "Cors", "InvokeMode"})));
    if (!made && scope.repairing && made.error().kind == ErrorKind::kConflict)
      return update(scope, "", properties, properties);
    return made;
  }
  Result<Made> update(const Scope& scope, const std::string&, const json&,
                      const json& after) const override {
    json body = pick(after, {"AuthType", "Cors", "InvokeMode"});
    if (!body.contains("Cors")) body["Cors"] = json::object();
    if (!body.contains("InvokeMode")) body["InvokeMode"] = "BUFFERED";
    return made_of(scope.api.rest("PUT", path(after), body));
  }
  Result<void> remove(const Scope& scope, const std::string&,
                      const json& properties) const override {
    return gone(scope.api.rest("DELETE", path(properties)));
  }

 private:
  static std::string path(const json& properties) {
    return "/2021-10-31" + function_path(properties, "TargetFunctionArn") + "/url" +
           qualifier_of(properties);
  }
  static Result<Made> made_of(const Result<json>& url) {
    if (!url) return url.error();
    return Made{text_of(*url, "FunctionArn"), pick(*url, {"FunctionArn", "FunctionUrl"})};
  }
};

constexpr Property kPermissionProperties[] = {
    {"Action", kReplace, kRequired},
    {"EventSourceToken", kReplace},
    {"FunctionName", kReplace, kRequired},
    {"FunctionUrlAuthType", kReplace},
    {"InvokedViaFunctionUrl", kReplace},
    {"Principal", kReplace, kRequired},
    {"PrincipalOrgID", kReplace},
    {"SourceAccount", kReplace},
    {"SourceArn", kReplace},
};

class PermissionType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::Lambda::Permission"; }
  std::span<const Property> properties() const override { return kPermissionProperties; }
  std::vector<std::string_view> attributes() const override { return {"Id"}; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    json body = properties;
    body.erase("FunctionName");
    body["StatementId"] = name;
    const auto made = scope.api.rest("POST", policy_of(properties), body);
    if (!made) return made.error();
    return Made{name, {{"Id", name}}};
  }
  // All of its properties replace it.
  Result<Made> update(const Scope&, const std::string& id, const json&,
                      const json&) const override {
    return Made{id, {{"Id", id}}};
  }
  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    return gone(scope.api.rest("DELETE", policy_of(properties) + "/" + url_encoded(id)));
  }

 private:
  static std::string policy_of(const json& properties) {
    return "/2015-03-31" + function_path(properties) + "/policy";
  }
};

constexpr Property kEventInvokeProperties[] = {
    {"DestinationConfig"},    {"FunctionName", kReplace, kRequired}, {"MaximumEventAgeInSeconds"},
    {"MaximumRetryAttempts"}, {"Qualifier", kReplace, kRequired},
};

class EventInvokeType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::Lambda::EventInvokeConfig"; }
  std::span<const Property> properties() const override { return kEventInvokeProperties; }

  Result<Made> create(const Scope& scope, const std::string&,
                      const json& properties) const override {
    // PUT replaces what is there: somebody else's must not be.
    if (!scope.repairing && scope.api.rest("GET", path(properties)))
      return already_exists(name(), id_of(properties));
    return put(scope, properties);
  }
  Result<Made> update(const Scope& scope, const std::string&, const json&,
                      const json& after) const override {
    return put(scope, after);
  }
  Result<void> remove(const Scope& scope, const std::string&,
                      const json& properties) const override {
    return gone(scope.api.rest("DELETE", path(properties)));
  }

 private:
  static std::string path(const json& properties) {
    return "/2019-09-25" + function_path(properties) + "/event-invoke-config" +
           qualifier_of(properties);
  }
  static std::string id_of(const json& properties) {
    return text_of(properties, "FunctionName") + "|" + text_of(properties, "Qualifier");
  }
  static Result<Made> put(const Scope& scope, const json& properties) {
    const auto done = scope.api.rest(
        "PUT", path(properties),
        pick(properties,
             {"DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"}));
    if (!done) return done.error();
    return Made{id_of(properties), json::object()};
  }
};

constexpr Property kLayerProperties[] = {
    {"CompatibleArchitectures", kReplace},
    {"CompatibleRuntimes", kReplace},
    {"Content", kReplace, kRequired},
    {"Description", kReplace},
    {"LayerName", kReplace},
    {"LicenseInfo", kReplace},
};

class LayerVersionType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::Lambda::LayerVersion"; }
  std::span<const Property> properties() const override { return kLayerProperties; }
  std::vector<std::string_view> attributes() const override { return {"LayerVersionArn"}; }
  size_t max_name() const override { return 140; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    const std::string given = text_of(properties, "LayerName");
    json body = properties;
    body.erase("LayerName");
    const auto made = scope.api.rest(
        "POST", "/2018-10-31/layers/" + url_encoded(given.empty() ? name : given) + "/versions",
        body);
    if (!made) return made.error();
    const std::string arn = text_of(*made, "LayerVersionArn");
    return Made{arn, {{"LayerVersionArn", arn}}};
  }
  // All of its properties replace it.
  Result<Made> update(const Scope&, const std::string& id, const json&,
                      const json&) const override {
    return Made{id, {{"LayerVersionArn", id}}};
  }
  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    if (!id.starts_with("arn:")) return remove_half_made(scope, id, properties);
    // arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION
    const size_t version = id.rfind(':');
    const size_t name = id.rfind(':', version - 1);
    return gone(scope.api.rest("DELETE", "/2018-10-31/layers/" +
                                             id.substr(name + 1, version - name - 1) +
                                             "/versions/" + id.substr(version + 1)));
  }

 private:
  // Whether it was published is not known. Under a name that Kiln chose, every version is its.
  static Result<void> remove_half_made(const Scope& scope, const std::string& name,
                                       const json& properties) {
    if (properties.contains("LayerName")) return {};
    const std::string versions = "/2018-10-31/layers/" + url_encoded(name) + "/versions";
    const auto there = scope.api.rest("GET", versions);
    if (!there) return gone(there);
    for (const json& one : json_list(*there, "LayerVersions"))
      if (auto done = gone(
              scope.api.rest("DELETE", versions + "/" + json_dump(json_member(one, "Version"))));
          !done)
        return done;
    return {};
  }
};

constexpr Property kLayerPermissionProperties[] = {
    {"Action", kReplace, kRequired},
    {"LayerVersionArn", kReplace, kRequired},
    {"OrganizationId", kReplace},
    {"Principal", kReplace, kRequired},
};

class LayerPermissionType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::Lambda::LayerVersionPermission"; }
  std::span<const Property> properties() const override { return kLayerPermissionProperties; }
  std::vector<std::string_view> attributes() const override { return {"Id"}; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    json body = pick(properties, {"Action", "OrganizationId", "Principal"});
    body["StatementId"] = name;
    const auto made = scope.api.rest("POST", policy_of(properties), body);
    if (!made) return made.error();
    return Made{name, {{"Id", name}}};
  }
  // All of its properties replace it.
  Result<Made> update(const Scope&, const std::string& id, const json&,
                      const json&) const override {
    return Made{id, {{"Id", id}}};
  }
  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    return gone(scope.api.rest("DELETE", policy_of(properties) + "/" + url_encoded(id)));
  }

 private:
  // arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION
  static std::string policy_of(const json& properties) {
    const std::string arn = text_of(properties, "LayerVersionArn");
    const size_t version = arn.rfind(':');
    const size_t name = version == std::string::npos ? version : arn.rfind(':', version - 1);
    return "/2018-10-31/layers/" +
           url_encoded(name == std::string::npos ? arn : arn.substr(name + 1, version - name - 1)) +
           "/versions/" + (version == std::string::npos ? "" : arn.substr(version + 1)) + "/policy";
  }
};

}  // namespace

std::span<const ResourceType* const> lambda_types() {
  static const UrlType url{};
  static const PermissionType permission{};
  static const EventInvokeType event_invoke{};
  static const LayerVersionType layer{};
  static const LayerPermissionType layer_permission{};
  static constexpr std::array<const ResourceType*, 5> all = {&url, &permission, &event_invoke,
                                                             &layer, &layer_permission};
  return all;
}

}  // namespace kiln::stack
