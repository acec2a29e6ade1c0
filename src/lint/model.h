// What the rules look at: the functions, versions, aliases, scaling and alarms of one or more
// stacks, with references resolved. Made by ModelBuilder; plain values.
//
// A resource whose name the template leaves open has a stand-in for its name, unique over all
// stacks; readable() shows it as its logical id.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/setting.h"

namespace kiln::lint {

struct StackInfo {
  std::string name;
  std::string file;  // as it is shown
  std::string account;
  std::string region;
};

// A resource: which stack, which logical id, where in its file.
struct Origin {
  size_t stack = 0;
  std::string logical_id = {};
  cfn::Place place = {};
  std::string construct = {};  // aws:cdk:path, when the CDK wrote it
  std::set<std::string> ignored =
      {};  // rules that its Metadata switches off: {kiln: {ignore: […]}}
};

struct Function {
  Origin origin = {};
  std::string name = {};  // FunctionName, or a stand-in
  Setting<int64_t> memory_mb = {};
  Setting<int64_t> timeout_s = {};
  Setting<int64_t> reserved = {};
  Setting<std::string> snap_start = {};  // ApplyOn
  Setting<std::string> runtime = {};
  Setting<std::string> architecture = {};  // "x86_64", "arm64"
  Setting<int64_t> storage_mb = {};        // EphemeralStorage
  std::vector<std::pair<std::string, Setting<std::string>>> environment = {};
};

// A published version or an alias.
struct Qualifier {
  enum class Kind { kVersion, kAlias };
  Kind kind = Kind::kVersion;
  Origin origin = {};
  std::optional<size_t> function = {};
  std::string name = {};  // alias name, or the stand-in of a version's number; "": unknown
  Setting<std::string> version = {};  // of an alias: where it points
  Setting<int64_t> provisioned = {};
  bool routes_by_weight = false;
};

struct Capacity {
  Setting<int64_t> min, max;
};

// A scalable target of Lambda's provisioned concurrency.
struct ScalableTarget {
  Origin origin = {};
  Setting<std::string> resource_id = {};
  std::string function_name = {}, qualifier = {};  // of the resource id, as far as it is known
  std::optional<size_t> function = {};
  std::optional<size_t> alias_or_version = {};  // of Model::qualifiers
  Capacity capacity = {};
  std::vector<Capacity> scheduled = {};
};

struct ScalingPolicy {
  Origin origin = {};
  std::string type = {};  // "StepScaling", "TargetTrackingScaling"; "": unknown
  cfn::Place type_place = {};
  Setting<std::string> resource_id = {};
  std::optional<size_t> target = {};  // of Model::targets
  std::string metric = {};            // of target tracking; "": unknown
  Setting<double> target_value = {};
};

struct MetricUse {
  std::string id;  // of a query; "" when the alarm has one metric only
  cfn::Place place = {};
  Setting<std::string> metric_namespace, name, statistic;
  Setting<int64_t> period_s;
  std::map<std::string, Setting<std::string>> dimensions;
  bool dimensions_known = true;
  bool returned = true;

  bool is_lambda() const { return metric_namespace.value() == "AWS/Lambda"; }
};

struct MathUse {
  std::string id;
  std::string expression;
  cfn::Place place = {};
};

struct Alarm {
  Origin origin = {};
  std::vector<MetricUse> metrics = {};
  std::vector<MathUse> math = {};
  bool is_math = false;
  Setting<std::string> comparison = {};
  Setting<double> threshold = {};
  Setting<int64_t> evaluation_periods = {}, datapoints = {};
  Setting<std::string> missing_data = {};

  // The metric whose values are compared as they are; nullptr: an expression's.
  const MetricUse* watched() const;
  bool fires_above() const;  // GreaterThan…
  bool fires_below() const;  // LessThan…
};

struct Queue {
  Origin origin;
  std::string arn;
  Setting<std::string> name;
  Setting<int64_t> visibility_s;
};

struct EventSource {
  Origin origin;
  std::optional<size_t> function;
  Setting<std::string> source_arn;
  Setting<int64_t> batching_window_s, max_concurrency;
};

// Something that waits for a function's answer.
struct ApiIntegration {
  enum class Kind { kRest, kHttp, kWebSocket };
  Kind kind = Kind::kRest;
  Origin origin;
  std::optional<size_t> function;
  Setting<int64_t> timeout_ms;
};

// A key that stands twice in a map of the file.
struct DuplicateKey {
  Origin origin;  // the resource that it is in; "Template" outside of them
  cfn::Place place;
  std::string text;  // as the reader says it
};

struct Model {
  std::vector<StackInfo> stacks;
  std::vector<Function> functions;
  std::vector<Qualifier> qualifiers;
  std::vector<ScalableTarget> targets;
  std::vector<ScalingPolicy> policies;
  std::vector<Alarm> alarms;
  std::vector<Queue> queues;
  std::vector<EventSource> event_sources;
  std::vector<ApiIntegration> integrations;
  std::vector<DuplicateKey> duplicate_keys;
  std::set<std::string> websocket_apis;  // what Ref gives of them

  // Of the stacks in the same account and Region as `stack`.
  std::optional<size_t> find_function(size_t stack, std::string_view name) const;
  std::optional<size_t> find_qualifier(size_t function, std::string_view name) const;
  std::vector<const Qualifier*> qualifiers_of(size_t function) const;
  const ScalableTarget* target_of(const Qualifier& qualifier) const;
  // Account and Region, as one text.
  std::string place_of(size_t stack) const;
};

// "function:f:live", "f:live", "arn:aws:lambda:…:function:f:live", an API's URI with that in it.
struct FunctionReference {
  std::string name, qualifier;
};
FunctionReference parse_function_reference(std::string_view text);

// The stand-in for an attribute ("": what Ref gives) of a resource.
std::string stand_in(size_t stack, const std::string& logical_id, const std::string& attribute);
bool has_stand_in(std::string_view text);
// `text` with each stand-in as the logical id that it stands for.
std::string readable(std::string_view text);

}  // namespace kiln::lint
