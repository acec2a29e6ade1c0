// CloudWatch Logs: log groups and streams.
#include <array>

#include "base/arn.h"
#include "base/json_access.h"
#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

constexpr Property kLogGroupProperties[] = {
    {"DeletionProtectionEnabled"},
    {"LogGroupClass", OnChange::kReplace},
    {"LogGroupName", OnChange::kReplace},
    {"RetentionInDays"},
    {"Tags"},
};

class LogGroupType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::Logs::LogGroup"; }
  std::span<const Property> properties() const override { return kLogGroupProperties; }
  std::vector<std::string_view> attributes() const override { return {"Arn"}; }
  std::string_view name_property() const override { return "LogGroupName"; }
  size_t max_name() const override { return 512; }
  bool id_is_name() const override { return true; }

  Result<void> check(const AwsApi& trial, const std::string& name,
                     const json& properties) const override {
    const json known = known_part(properties, json::object());
    if (auto fine =
            verdict(trial.rpc("logs", "Logs_20140328.CreateLogGroup", creation(name, known)));
        !fine)
      return fine;
    if (!known.contains("RetentionInDays")) return {};
    return verdict(
        trial.rpc("logs", "Logs_20140328.PutRetentionPolicy",
                  {{"logGroupName", name}, {"retentionInDays", known["RetentionInDays"]}}));
  }
  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    if (const auto done = call(scope, "CreateLogGroup", creation(name, properties)); !done)
      return done.error();
    if (auto done = retain(scope, name, json::object(), properties); !done) {
      (void)remove(scope, name, properties);
      return done.error();
    }
    return made(scope, name);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    if (auto done = retain(scope, id, before, after); !done) return done.error();
    if (differs(before, after, "DeletionProtectionEnabled"))
      if (const auto done =
              call(scope, "PutLogGroupDeletionProtection",
                   {{"logGroupIdentifier", id},
                    {"deletionProtectionEnabled", json_flag(after, "DeletionProtectionEnabled")}});
          !done)
        return done.error();
    const TagChange change = tag_change(before, after);
    if (differs(before, after, "Tags") && !change.removed.empty())
      if (const auto done =
              call(scope, "UntagLogGroup", {{"logGroupName", id}, {"tags", change.removed}});
          !done)
        return done.error();
    if (differs(before, after, "Tags") && !change.wanted.empty())
      if (const auto done =
              call(scope, "TagLogGroup", {{"logGroupName", id}, {"tags", change.wanted}});
          !done)
        return done.error();
    return made(scope, id);
  }
  Result<void> remove(const Scope& scope, const std::string& id, const json&) const override {
    return gone(call(scope, "DeleteLogGroup", {{"logGroupName", id}}));
  }

 private:
  static json creation(const std::string& name, const json& properties) {
    json body = {{"logGroupName", name}};
    if (properties.contains("LogGroupClass")) body["logGroupClass"] = properties["LogGroupClass"];
    if (const json tags = tag_map(properties); !tags.empty()) body["tags"] = tags;
    if (properties.contains("DeletionProtectionEnabled"))
      body["deletionProtectionEnabled"] = properties["DeletionProtectionEnabled"];
    return body;
  }
  static Result<json> call(const Scope& scope, const std::string& operation, const json& body) {
    return scope.api.rpc("logs", "Logs_20140328." + operation, body);
  }
  static Made made(const Scope& scope, const std::string& name) {
    return {
        name,
        {{"Arn", arn_start("logs", scope.region) + scope.account + ":log-group:" + name + ":*"}}};
  }
  static Result<void> retain(const Scope& scope, const std::string& name, const json& before,
                             const json& after) {
    if (!differs(before, after, "RetentionInDays")) return {};
    const auto days = after.find("RetentionInDays");
    const auto done = days == after.end()
                          ? call(scope, "DeleteRetentionPolicy", {{"logGroupName", name}})
                          : call(scope, "PutRetentionPolicy",
                                 {{"logGroupName", name}, {"retentionInDays", *days}});
    if (!done) return done.error();
    return {};
  }
};

constexpr Property kStreamProperties[] = {
    {"LogGroupName", OnChange::kReplace, Need::kRequired},
    {"LogStreamName", OnChange::kReplace},
};

class LogStreamType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::Logs::LogStream"; }
  std::span<const Property> properties() const override { return kStreamProperties; }
  std::string_view name_property() const override { return "LogStreamName"; }
  size_t max_name() const override { return 512; }
  bool id_is_name() const override { return true; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    const auto done = call(scope, "CreateLogStream", properties, name);
    if (!done && !(scope.repairing && done.error().kind == ErrorKind::kConflict))
      return done.error();
    return Made{name, json::object()};
  }
  // All of its properties replace it.
  Result<Made> update(const Scope&, const std::string& id, const json&,
                      const json&) const override {
    return Made{id, json::object()};
  }
  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    return gone(call(scope, "DeleteLogStream", properties, id));
  }

 private:
  static Result<json> call(const Scope& scope, const std::string& operation, const json& properties,
                           const std::string& name) {
    return scope.api.rpc(
        "logs", "Logs_20140328." + operation,
        {{"logGroupName", text_of(properties, "LogGroupName")}, {"logStreamName", name}});
  }
};

}  // namespace

std::span<const ResourceType* const> logs_types() {
  static const LogGroupType group{};
  static const LogStreamType stream{};
  static constexpr std::array<const ResourceType*, 2> all = {&group, &stream};
  return all;
}

}  // namespace kiln::stack
