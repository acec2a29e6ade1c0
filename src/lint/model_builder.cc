#include "lint/model_builder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/json_access.h"
#include "lint/resource_reader.h"
#include "lint/stack_values.h"
#include "template/node_reader.h"

namespace kiln::lint {
namespace {

using nlohmann::json;

constexpr std::string_view kDimension = "lambda:function:ProvisionedConcurrency";

// What names a function in properties may be without a stand-in only when the stack holds it.
std::optional<size_t> named_function(const Model& model, const Setting<std::string>& text,
                                     size_t stack) {
  if (!text.is_known()) return std::nullopt;
  return model.find_function(stack, parse_function_reference(*text.value()).name);
}

void read_function(ResourceReader& in, Model& model) {
  Function function{.origin = in.origin(), .name = in.name("FunctionName")};
  function.memory_mb = in.integer({"MemorySize"});
  function.timeout_s = in.integer({"Timeout"});
  function.reserved = in.integer({"ReservedConcurrentExecutions"});
  function.snap_start = in.text({"SnapStart", "ApplyOn"});
  function.runtime = in.text({"Runtime"});
  function.architecture = in.text({"Architectures", "0"});
  function.storage_mb = in.integer({"EphemeralStorage", "Size"});
  for (const std::string& name : in.members({"Environment", "Variables"})) {
    function.environment.emplace_back(name, in.text({"Environment", "Variables", name}));
  }
  model.functions.push_back(std::move(function));
}

void read_qualifier(ResourceReader& in, Model& model, Qualifier::Kind kind) {
  Qualifier qualifier{.kind = kind, .origin = in.origin()};
  qualifier.function = named_function(model, in.text({"FunctionName"}), qualifier.origin.stack);
  qualifier.provisioned =
      in.integer({"ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions"});
  if (kind == Qualifier::Kind::kVersion) {
    qualifier.name = stand_in(qualifier.origin.stack, qualifier.origin.logical_id, {});
  } else {
    qualifier.name = in.text({"Name"}).value().value_or("");
    qualifier.version = in.text({"FunctionVersion"});
    qualifier.routes_by_weight =
        in.list_size({"RoutingConfig", "AdditionalVersionWeights"}).value_or(0) > 0;
  }
  model.qualifiers.push_back(std::move(qualifier));
}

void read_target(ResourceReader& in, Model& model) {
  if (in.text({"ScalableDimension"}).value() != kDimension) return;
  ScalableTarget target{.origin = in.origin(), .resource_id = in.text({"ResourceId"})};
  target.capacity = {in.integer({"MinCapacity"}), in.integer({"MaxCapacity"})};
  for (size_t i = 0; i < in.list_size({"ScheduledActions"}).value_or(0); ++i) {
    const std::string at = std::to_string(i);
    target.scheduled.push_back(
        {in.integer({"ScheduledActions", at, "ScalableTargetAction", "MinCapacity"}),
         in.integer({"ScheduledActions", at, "ScalableTargetAction", "MaxCapacity"})});
  }
  if (target.resource_id.is_known()) {
    FunctionReference named = parse_function_reference(*target.resource_id.value());
    target.function_name = std::move(named.name);
    target.qualifier = std::move(named.qualifier);
    target.function = model.find_function(target.origin.stack, target.function_name);
    if (target.function) {
      target.alias_or_version = model.find_qualifier(*target.function, target.qualifier);
    }
  }
  model.targets.push_back(std::move(target));
}

void read_policy(ResourceReader& in, Model& model) {
  ScalingPolicy policy{.origin = in.origin(), .resource_id = in.text({"ResourceId"})};
  std::string dimension = in.text({"ScalableDimension"}).value().value_or("");
  if (const Setting<std::string> target = in.text({"ScalingTargetId"}); target.is_known()) {
    // What Ref gives: RESOURCEID|DIMENSION|NAMESPACE.
    const std::string id = *target.value();
    const size_t bar = id.find('|');
    if (bar == std::string::npos) return;
    policy.resource_id = Setting<std::string>::known(id.substr(0, bar), target.place());
    dimension = id.substr(bar + 1, id.find('|', bar + 1) - bar - 1);
  }
  if (dimension != kDimension) return;
  for (size_t i = 0; i < model.targets.size(); ++i) {
    if (policy.resource_id.is_known() && model.targets[i].origin.stack == policy.origin.stack &&
        model.targets[i].resource_id.value() == policy.resource_id.value()) {
      policy.target = i;
    }
  }
  const Setting<std::string> type = in.text({"PolicyType"});
  policy.type = type.value().value_or("");
  policy.type_place = type.place();
  const std::string tracking = "TargetTrackingScalingPolicyConfiguration";
  policy.target_value = in.number({tracking, "TargetValue"});
  policy.metric = in.text({tracking, "PredefinedMetricSpecification", "PredefinedMetricType"})
                      .value()
                      .value_or(in.text({tracking, "CustomizedMetricSpecification", "MetricName"})
                                    .value()
                                    .value_or(""));
  model.policies.push_back(std::move(policy));
}

void read_dimensions(ResourceReader& in, std::vector<std::string> path, MetricUse& metric) {
  path.emplace_back("Dimensions");
  metric.dimensions_known = !in.is_unknown(path);
  for (size_t i = 0; i < in.list_size(path).value_or(0); ++i) {
    std::vector<std::string> name = path, value = path;
    name.insert(name.end(), {std::to_string(i), "Name"});
    value.insert(value.end(), {std::to_string(i), "Value"});
    if (const auto text = in.text(name).value())
      metric.dimensions[*text] = in.text(value);
    else
      metric.dimensions_known = false;
  }
}

MetricUse read_query_metric(ResourceReader& in, const std::string& at) {
  MetricUse metric;
  metric.id = in.text({"Metrics", at, "Id"}).value().value_or("");
  metric.place = in.place({"Metrics", at});
  metric.metric_namespace = in.text({"Metrics", at, "MetricStat", "Metric", "Namespace"});
  metric.name = in.text({"Metrics", at, "MetricStat", "Metric", "MetricName"});
  metric.statistic = in.text({"Metrics", at, "MetricStat", "Stat"});
  metric.period_s = in.integer({"Metrics", at, "MetricStat", "Period"});
  metric.returned = in.text({"Metrics", at, "ReturnData"}).value().value_or("true") == "true";
  read_dimensions(in, {"Metrics", at, "MetricStat", "Metric"}, metric);
  return metric;
}

void read_alarm(ResourceReader& in, Model& model) {
  Alarm alarm{.origin = in.origin()};
  alarm.comparison = in.text({"ComparisonOperator"});
  alarm.threshold = in.number({"Threshold"});
  alarm.evaluation_periods = in.integer({"EvaluationPeriods"});
  alarm.datapoints = in.integer({"DatapointsToAlarm"});
  alarm.missing_data = in.text({"TreatMissingData"});
  if (in.has({"MetricName"})) {
    MetricUse metric;
    metric.place = in.place({"MetricName"});
    metric.metric_namespace = in.text({"Namespace"});
    metric.name = in.text({"MetricName"});
    metric.statistic = in.text({in.has({"Statistic"}) ? "Statistic" : "ExtendedStatistic"});
    metric.period_s = in.integer({"Period"});
    read_dimensions(in, {}, metric);
    alarm.metrics.push_back(std::move(metric));
  }
  for (size_t i = 0; i < in.list_size({"Metrics"}).value_or(0); ++i) {
    const std::string at = std::to_string(i);
    alarm.is_math = true;
    if (in.has({"Metrics", at, "MetricStat"})) alarm.metrics.push_back(read_query_metric(in, at));
    const Setting<std::string> expression = in.text({"Metrics", at, "Expression"});
    if (expression.is_known()) {
      alarm.math.push_back({in.text({"Metrics", at, "Id"}).value().value_or(""),
                            *expression.value(), expression.place()});
    }
  }
  model.alarms.push_back(std::move(alarm));
}

void read_queue(ResourceReader& in, Model& model) {
  model.queues.push_back({.origin = in.origin(),
                          .arn = stand_in(in.origin().stack, in.origin().logical_id, "Arn"),
                          .name = in.text({"QueueName"}),
                          .visibility_s = in.integer({"VisibilityTimeout"})});
}

void read_event_source(ResourceReader& in, Model& model) {
  if (in.text({"Enabled"}).value() == "false") return;
  model.event_sources.push_back(
      {.origin = in.origin(),
       .function = named_function(model, in.text({"FunctionName"}), in.origin().stack),
       .source_arn = in.text({"EventSourceArn"}),
       .batching_window_s = in.integer({"MaximumBatchingWindowInSeconds"}),
       .max_concurrency = in.integer({"ScalingConfig", "MaximumConcurrency"})});
}

void read_rest_method(ResourceReader& in, Model& model) {
  const Setting<std::string> uri = in.text({"Integration", "Uri"});
  const std::string invocation_type = "integration.request.header.X-Amz-Invocation-Type";
  if (!uri.is_known() || in.has({"Integration", "RequestParameters", invocation_type})) return;
  model.integrations.push_back({.kind = ApiIntegration::Kind::kRest,
                                .origin = in.origin(),
                                .function = named_function(model, uri, in.origin().stack),
                                .timeout_ms = in.integer({"Integration", "TimeoutInMillis"})});
}

void read_http_integration(ResourceReader& in, Model& model) {
  const Setting<std::string> uri = in.text({"IntegrationUri"});
  if (!uri.is_known()) return;
  const std::string api = in.text({"ApiId"}).value().value_or("");
  model.integrations.push_back({.kind = model.websocket_apis.contains(api)
                                            ? ApiIntegration::Kind::kWebSocket
                                            : ApiIntegration::Kind::kHttp,
                                .origin = in.origin(),
                                .function = named_function(model, uri, in.origin().stack),
                                .timeout_ms = in.integer({"TimeoutInMillis"})});
}

void read_api_kind(ResourceReader& in, Model& model) {
  if (in.text({"ProtocolType"}).value() == "WEBSOCKET")
    model.websocket_apis.insert(stand_in(in.origin().stack, in.origin().logical_id, {}));
}

// The integrations of an API's definition, each function once.
void read_definition(ResourceReader& in, Model& model, ApiIntegration::Kind kind) {
  std::set<std::pair<size_t, std::optional<int64_t>>> seen;
  for (const std::string& path : in.members({"Body", "paths"}))
    for (const std::string& method : in.members({"Body", "paths", path})) {
      const std::vector<std::string> at = {"Body", "paths", path, method,
                                           "x-amazon-apigateway-integration"};
      const auto below = [&](const char* name) {
        std::vector<std::string> whole = at;
        whole.emplace_back(name);
        return whole;
      };
      const Setting<std::string> uri = in.text(below("uri"));
      if (!uri.is_known()) continue;
      ApiIntegration made{.kind = kind,
                          .origin = in.origin(),
                          .function = named_function(model, uri, in.origin().stack),
                          .timeout_ms = in.integer(below("timeoutInMillis"))};
      if (made.function && seen.emplace(*made.function, made.timeout_ms.value()).second)
        model.integrations.push_back(std::move(made));
    }
}

struct Type {
  std::string_view name;
  int pass;  // what refers to others is read after them
  void (*read)(ResourceReader&, Model&);
};
constexpr Type kTypes[] = {
    {"AWS::Lambda::Function", 0, read_function},
    {"AWS::Lambda::Version", 1,
     [](ResourceReader& in, Model& model) {
       read_qualifier(in, model, Qualifier::Kind::kVersion);
     }},
    {"AWS::Lambda::Alias", 1,
     [](ResourceReader& in, Model& model) { read_qualifier(in, model, Qualifier::Kind::kAlias); }},
    {"AWS::ApplicationAutoScaling::ScalableTarget", 2, read_target},
    {"AWS::ApplicationAutoScaling::ScalingPolicy", 3, read_policy},
    {"AWS::CloudWatch::Alarm", 3, read_alarm},
    {"AWS::SQS::Queue", 3, read_queue},
    {"AWS::Lambda::EventSourceMapping", 3, read_event_source},
    {"AWS::ApiGateway::Method", 3, read_rest_method},
    {"AWS::ApiGatewayV2::Api", 2, read_api_kind},
    {"AWS::ApiGatewayV2::Integration", 3, read_http_integration},
    {"AWS::ApiGateway::RestApi", 3,
     [](ResourceReader& in, Model& model) {
       read_definition(in, model, ApiIntegration::Kind::kRest);
     }},
    {"AWS::ApiGatewayV2::Api", 3,
     [](ResourceReader& in, Model& model) {
       read_definition(in, model, ApiIntegration::Kind::kHttp);
     }},
};
constexpr int kPasses = 4;

}  // namespace

ModelBuilder::ModelBuilder(std::vector<StackInfo> stacks) { model_.stacks = std::move(stacks); }

void ModelBuilder::add_notes(size_t stack, const cfn::Template& parsed,
                             const std::vector<cfn::Problem>& notes) {
  for (const cfn::Problem& note : notes) {
    if (!note.message.starts_with(cfn::kDuplicateKey)) continue;
    Origin origin{.stack = stack, .logical_id = "Template", .place = note.place};
    if (const cfn::Resource* resource = parsed.resource(note.subject))
      origin = origin_of(stack, *resource);
    else if (!note.subject.empty())
      origin.logical_id = note.subject;
    model_.duplicate_keys.push_back({std::move(origin), note.place, note.message});
  }
}

Result<void> ModelBuilder::add(size_t stack, const cfn::Template& parsed,
                               const std::map<std::string, std::string>& parameters) {
  Result<KnownParameters> known = known_parameters(parsed, parameters);
  if (!known) return known.error();
  auto& exports = exports_[model_.place_of(stack)];
  StackValues values(
      stack, model_.stacks[stack], parsed, std::move(known->values), std::move(known->unknown),
      [&exports](const std::string& name) -> std::optional<std::string> {
        const auto found = exports.find(name);
        if (found == exports.end()) return std::string(cfn::kUnknown);
        return found->second.is_string() ? json_text(found->second) : json_dump(found->second);
      });
  for (int pass = 0; pass < kPasses; ++pass) {
    for (const cfn::Resource& resource : parsed.resources) {
      const Type* type = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& t) {
        return t.name == resource.type && t.pass == pass;
      });
      if (type == std::end(kTypes)) continue;
      const Result<std::optional<bool>> exists = values.exists(resource.condition);
      if (!exists) return exists.error();
      if (!exists->value_or(false)) continue;
      ResourceReader reader(stack, resource, values);
      type->read(reader, model_);
      if (reader.error()) return *reader.error();
    }
  }
  for (const cfn::Output& output : parsed.outputs) {
    if (!output.export_name) continue;
    const Result<std::optional<bool>> exists = values.exists(output.condition);
    if (!exists) return exists.error();
    if (!exists->value_or(false)) continue;
    Result<std::optional<std::string>> name = values.text(&*output.export_name);
    if (!name) return name.error();
    Result<json> value = values.value(output.value);
    if (!value) return value.error();
    if (*name) exports[**name] = std::move(*value);
  }
  return {};
}

Model ModelBuilder::finish() { return std::move(model_); }

}  // namespace kiln::lint
