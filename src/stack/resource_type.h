// A type of resource that stacks can hold: what its properties are, and how one is made, changed
// and removed through the APIs.
//
// Types have no state; one object of each serves all stacks. Thread-safe. Calls block.
#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "stack/aws_api.h"
#include "stack/provider.h"
#include "stack/stack.h"

namespace kiln::stack {

enum class OnChange {
  kUpdate,
  kReplace,  // a new resource is made, and the old one removed at the end
};
enum class Need { kOptional, kRequired };
// As the tables of properties have them.
inline constexpr auto kReplace = OnChange::kReplace;
inline constexpr auto kRequired = Need::kRequired;

struct Property {
  std::string_view name;
  OnChange on_change = OnChange::kUpdate;
  Need need = Need::kOptional;
};

// What making and changing a resource can reach.
struct Scope {
  const AwsApi& api;
  std::string account;
  std::string region;
  std::string stack_name;
  std::string stack_id;
  std::string logical_id;
  std::string resource_type;           // as the template has it: "Custom::Seed"
  const std::atomic<bool>& cancelled;  // waiting ends when it is set
  // After a kill: what is there already may be what the last deployment made.
  bool repairing = false;
  const AskProvider* provider = nullptr;  // of custom resources
  // What nested stacks get of the stack's wish.
  std::vector<std::string> capabilities = {};
  Wish::Unsupported unsupported = Wish::Unsupported::kRefuse;
};

// The type of such an error.
inline constexpr const char* kHalfMade = "HalfMade";

// A resource as it is now.
struct Made {
  std::string id;             // the physical id, which is what Ref gives
  nlohmann::json attributes;  // what GetAtt gives, by name
};

class ResourceType {
 public:
  virtual ~ResourceType() = default;

  virtual std::string_view name() const = 0;  // "AWS::Lambda::Function"
  virtual std::span<const Property> properties() const = 0;
  // The property that gives the resource its name; "" for types without names of their own.
  virtual std::string_view name_property() const { return ""; }
  // What GetAtt knows.
  virtual std::vector<std::string_view> attributes() const { return {}; }
  // How long a name that Kiln chooses may be.
  virtual size_t max_name() const { return 64; }
  // What such a name ends in.
  virtual std::string_view name_end(const nlohmann::json&) const { return ""; }
  // A name of its own for what the template leaves unnamed.
  virtual std::string name_for(const std::string& stack, const std::string& logical_id,
                               const nlohmann::json& properties) const;
  // Whether Ref is the name, so that it is known before the resource is made.
  virtual bool id_is_name() const { return false; }
  // Custom resources: their provider knows all properties and attributes, gets scalars as texts,
  // and may answer an update with another id, which makes it a replacement.
  virtual bool is_custom() const { return false; }
  // A creation that was cancelled, or whose error says kHalfMade, has left something behind: it is
  // removed by its name, with everything else on the way back. Others leave nothing when they fail.
  virtual bool is_removed_later() const { return false; }
  // Attributes beside attributes() and the properties.
  virtual bool may_have(std::string_view /*attribute*/) const { return false; }

  // Asks the APIs, without effect, whether they would take what create() sends. Some of
  // `properties` may be known to the deployment alone (known_part); `name` as create() has it.
  virtual Result<void> check(const AwsApi& /*trial*/, const std::string& /*name*/,
                             const nlohmann::json& /*properties*/) const {
    return {};
  }

  // `name` is the one that the properties give or Kiln chose; it is remembered before this call, so
  // that a resource which a killed Kiln has just made is found again. What fails leaves nothing.
  virtual Result<Made> create(const Scope& scope, const std::string& name,
                              const nlohmann::json& properties) const = 0;
  // Changes of properties with kReplace never come here.
  virtual Result<Made> update(const Scope& scope, const std::string& id,
                              const nlohmann::json& before, const nlohmann::json& after) const = 0;
  // What is not there any more is no error. `id` is the name when the resource's making was cut
  // short.
  virtual Result<void> remove(const Scope& scope, const std::string& id,
                              const nlohmann::json& properties) const = 0;
};

// nullptr: stacks can't hold it.
const ResourceType* find_resource_type(std::string_view name);
std::vector<std::string_view> resource_type_names();

// What the files of types contribute.
std::span<const ResourceType* const> lambda_function_types();
std::span<const ResourceType* const> lambda_version_types();
std::span<const ResourceType* const> lambda_types();
// Whether the account can reserve so much for functions. Error: Lambda's.
Result<void> check_reserve(const AwsApi& trial, int64_t reserved);
std::span<const ResourceType* const> scaling_types();
std::span<const ResourceType* const> alarm_types();
std::span<const ResourceType* const> sns_types();
std::span<const ResourceType* const> recorded_types();
std::span<const ResourceType* const> logs_types();
std::span<const ResourceType* const> log_filter_types();
std::span<const ResourceType* const> storage_types();
std::span<const ResourceType* const> custom_types();
std::span<const ResourceType* const> nested_types();

// Helpers of types.

// A scalar as a text, a list with commas between: how values of parameters are given.
std::string text_of_value(const nlohmann::json& value);
// "" when absent or not a text.
std::string text_of(const nlohmann::json& properties, const char* name);
// The members of `properties` that are in `names`, under their names.
nlohmann::json pick(const nlohmann::json& properties, std::initializer_list<const char*> names);
// {"a":"b"} of CloudFormation's [{"Key":"a","Value":"b"}].
nlohmann::json tag_map(const nlohmann::json& properties);
// How the tags of a resource change.
struct TagChange {
  std::vector<std::string> removed;           // keys
  std::map<std::string, std::string> wanted;  // all of the new ones
};
TagChange tag_change(const nlohmann::json& before, const nlohmann::json& after);
// Properties without what only the deployment will know. `needed`: what stands for those that must
// be there.
nlohmann::json known_part(const nlohmann::json& properties, const nlohmann::json& needed);
// Whether a property that is given isn't in its known part; of `names` alone, where there are some.
bool lacks(const nlohmann::json& known, const nlohmann::json& properties,
           std::initializer_list<std::string_view> names = {});
// [{"Key":"a","Value":"b"}]
nlohmann::json tag_list(const std::map<std::string, std::string>& tags);
// Success, when the error says that there is no such thing.
Result<void> gone(const Result<nlohmann::json>& answer);
// Whether a property was added, removed or changed.
bool differs(const nlohmann::json& before, const nlohmann::json& after, const char* name);
Error already_exists(std::string_view type, const std::string& name);
Error unknown_attribute(const std::string& logical_id, const std::string& attribute);
// Asks until `settled` gives something, at most `limit_s` seconds of the machine's time.
Result<void> wait_until(const Scope& scope, int limit_s,
                        const std::function<std::optional<Result<void>>()>& settled);

}  // namespace kiln::stack
