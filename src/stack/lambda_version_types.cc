// AWS::Lambda::Version and Alias, with their provisioned concurrency.
#include <array>

#include "base/json_access.h"
#include "stack/function_path.h"
#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

// Environments start and run the function's init, which may take ten seconds and be tried again.
constexpr int kLongestProvisioning_s = 900;

// Waits until the environments of a version or alias are there.
Result<void> wait_for_provisioned(const Scope& scope, const std::string& path,
                                  const std::string& qualifier) {
  return wait_until(scope, kLongestProvisioning_s, [&]() -> std::optional<Result<void>> {
    const auto now = scope.api.rest("GET", path);
    if (!now) return now.error();
    const std::string status = text_of(*now, "Status");
    if (status == "READY") return Result<void>();
    if (status == "FAILED")
      return Error{
          ErrorKind::kInvalid, "NotStabilized",
          "Provisioned concurrency of " + qualifier + " failed: " + text_of(*now, "StatusReason")};
    return std::nullopt;
  });
}

std::string provisioned_path(const json& properties, const std::string& qualifier) {
  return "/2019-09-30" + function_path(properties) +
         "/provisioned-concurrency?Qualifier=" + url_encoded(qualifier);
}

// Sets, waits for, or takes away the provisioned concurrency of a version or alias.
Result<void> provision(const Scope& scope, const json& properties, const std::string& qualifier,
                       bool may_be_there) {
  const std::string path = provisioned_path(properties, qualifier);
  const auto wanted = properties.find("ProvisionedConcurrencyConfig");
  if (wanted == properties.end())
    return may_be_there ? gone(scope.api.rest("DELETE", path)) : Result<void>();
  if (const auto put = scope.api.rest("PUT", path, *wanted); !put) return put.error();
  return wait_for_provisioned(scope, path, qualifier);
}

// A version with SnapStart is there when its init has run.
Result<void> wait_for_state(const Scope& scope, const json& properties,
                            const std::string& version) {
  const std::string path =
      "/2015-03-31" + function_path(properties) + "/configuration?Qualifier=" + version;
  return wait_until(scope, kLongestProvisioning_s, [&]() -> std::optional<Result<void>> {
    const auto now = scope.api.rest("GET", path);
    if (!now) return now.error();
    const std::string state = text_of(*now, "State");
    if (state == "Pending") return std::nullopt;
    if (state == "Failed")
      return Error{ErrorKind::kInvalid, "NotStabilized", text_of(*now, "StateReason")};
    return Result<void>();
  });
}

constexpr Property kVersionProperties[] = {
    {"CodeSha256", kReplace},
    {"Description", kReplace},
    {"FunctionName", kReplace, kRequired},
    {"ProvisionedConcurrencyConfig"},
    {"RuntimePolicy", kReplace},
};

class VersionType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::Lambda::Version"; }
  std::span<const Property> properties() const override { return kVersionProperties; }
  std::vector<std::string_view> attributes() const override { return {"FunctionArn", "Version"}; }

  Result<Made> create(const Scope& scope, const std::string&,
                      const json& properties) const override {
    const std::string path = "/2015-03-31" + function_path(properties) + "/versions";
    const auto before = scope.api.rest("GET", path + "?MaxItems=10000");
    if (!before) return before.error();
    const auto published =
        scope.api.rest("POST", path, pick(properties, {"CodeSha256", "Description"}));
    if (!published) return published.error();
    const std::string version = text_of(*published, "Version");
    for (const json& old : json_list(*before, "Versions"))
      if (text_of(old, "Version") == version && !scope.repairing)
        return Error{ErrorKind::kConflict, "AlreadyExists",
                     "A version for this Lambda function exists ( " + version +
                         " ). Modify the function to create a new version."};
    const Made result{text_of(*published, "FunctionArn"),
                      {{"FunctionArn", text_of(*published, "FunctionArn")}, {"Version", version}}};
    auto ready = wait_for_state(scope, properties, version);
    if (ready) ready = provision(scope, properties, version, false);
    if (!ready) {
      (void)remove(scope, result.id, properties);
      return ready.error();
    }
    return result;
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json&,
                      const json& after) const override {
    const std::string version = id.substr(id.rfind(':') + 1);
    if (auto ready = provision(scope, after, version, true); !ready) return ready.error();
    return Made{id, {{"FunctionArn", id}, {"Version", version}}};
  }
  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    if (!id.starts_with("arn:")) return {};  // it was never published
    return gone(scope.api.rest("DELETE", "/2015-03-31" + function_path(properties) +
                                             "?Qualifier=" + id.substr(id.rfind(':') + 1)));
  }
};

constexpr Property kAliasProperties[] = {
    {"Description"},
    {"FunctionName", kReplace, kRequired},
    {"FunctionVersion", OnChange::kUpdate, kRequired},
    {"Name", kReplace, kRequired},
    {"ProvisionedConcurrencyConfig"},
    {"RoutingConfig"},
};

class AliasType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::Lambda::Alias"; }
  std::span<const Property> properties() const override { return kAliasProperties; }
  std::vector<std::string_view> attributes() const override { return {"AliasArn"}; }
  std::string_view name_property() const override { return "Name"; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    const auto made = scope.api.rest("POST", aliases_of(properties), document(properties));
    if (!made) return made.error();
    if (auto ready = provision(scope, properties, name, false); !ready) {
      (void)remove(scope, name, properties);
      return ready.error();
    }
    return made_of(*made);
  }
  Result<Made> update(const Scope& scope, const std::string&, const json& before,
                      const json& after) const override {
    json body = document(after);
    body.erase("Name");
    // What the template no longer says is reset.
    if (!body.contains("Description")) body["Description"] = "";
    if (!body.contains("RoutingConfig"))
      body["RoutingConfig"] = {{"AdditionalVersionWeights", json::object()}};
    const std::string name = text_of(after, "Name");
    const auto made = scope.api.rest("PUT", aliases_of(after) + "/" + url_encoded(name), body);
    if (!made) return made.error();
    // What scaling has set meanwhile stays, unless the template's own number changes. Where another
    // version is behind the alias, its environments start again.
    Result<void> ready;
    if (differs(before, after, "ProvisionedConcurrencyConfig"))
      ready = provision(scope, after, name, true);
    else if (after.contains("ProvisionedConcurrencyConfig"))
      ready = wait_for_provisioned(scope, provisioned_path(after, name), name);
    if (!ready) return ready.error();
    return made_of(*made);
  }
  Result<void> remove(const Scope& scope, const std::string&,
                      const json& properties) const override {
    return gone(scope.api.rest(
        "DELETE", aliases_of(properties) + "/" + url_encoded(text_of(properties, "Name"))));
  }

 private:
  static std::string aliases_of(const json& properties) {
    return "/2015-03-31" + function_path(properties) + "/aliases";
  }
  static json document(const json& properties) {
    json body = pick(properties, {"Description", "FunctionVersion", "Name"});
    if (const auto routing = properties.find("RoutingConfig"); routing != properties.end()) {
      // A list of objects in templates, a map in the API.
      json weights = json::object();
      for (const json& weight : json_list(*routing, "AdditionalVersionWeights"))
        weights[text_of(weight, "FunctionVersion")] = json_member(weight, "FunctionWeight");
      body["RoutingConfig"] = {{"AdditionalVersionWeights", std::move(weights)}};
    }
    return body;
  }
  static Made made_of(const json& alias) {
    const std::string arn = text_of(alias, "AliasArn");
    return {arn, {{"AliasArn", arn}}};
  }
};

}  // namespace

std::span<const ResourceType* const> lambda_version_types() {
  static const VersionType version{};
  static const AliasType alias{};
  static constexpr std::array<const ResourceType*, 2> all = {&version, &alias};
  return all;
}

}  // namespace kiln::stack
