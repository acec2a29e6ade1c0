#include "services/cloudwatch/service.h"

#include <algorithm>
#include <array>

#include "base/ids.h"
#include "engine/control_loop.h"
#include "services/cloudwatch/alarms.h"
#include "services/cloudwatch/dashboards.h"
#include "services/cloudwatch/members.h"
#include "services/cloudwatch/metrics.h"
#include "services/driver/trial.h"
#include "wire/cbor_protocol.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"
#include "wire/query_protocol.h"
#include "wire/rest_json_error.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using std::string_view_literals::operator""sv;

constexpr const char* kNamespace = "http://monitoring.amazonaws.com/doc/2010-08-01/";

bool is_time(std::string_view member) {
  constexpr std::array kTimes = {
      "Timestamp"sv,    "Timestamps"sv,
      "LastModified"sv, "StateUpdatedTimestamp"sv,
      "StartTime"sv,    "AlarmConfigurationUpdatedTimestamp"sv,
      "EndTime"sv,      "StateTransitionedTimestamp"sv,
  };
  return std::find(kTimes.begin(), kTimes.end(), member) != kTimes.end();
}

// What the query protocol calls an error that the model calls by its shape's name.
std::string query_code(const std::string& type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kCodes = {{
      {"InvalidParameterValueException", "InvalidParameterValue"},
      {"InvalidParameterCombinationException", "InvalidParameterCombination"},
      {"MissingRequiredParameterException", "MissingParameter"},
      {"LimitExceededFault", "LimitExceeded"},
      {"InvalidFormatFault", "InvalidFormat"},
      {"InternalServiceFault", "InternalServiceError"},
      {"UnknownOperationException", "InvalidAction"},
  }};
  for (const auto& [shape, code] : kCodes)
    if (shape == type) return std::string(code);
  return type;
}

net::Response answer(Shape shape, const std::string& operation, const json& document,
                     const std::string& request_id) {
  switch (shape) {
    case Shape::kCbor:
      return wire::cbor_answer(document, request_id, is_time);
    case Shape::kQuery: {
      wire::XmlAnswer xml(operation, kNamespace);
      const auto is_map = [](std::string_view member) { return member == "ExtendedStatistics"; };
      return xml.add(document, {is_time, {}, is_map}).finish(request_id);
    }
    default:
      return wire::json_answer(document, request_id, wire::JsonVersion::k10);
  }
}

// What __type says: most names are of the service's model, some of what it is built on.
std::string full_type(const std::string& type) {
  if (type == "ValidationError") return "com.amazon.coral.validate#ValidationException";
  if (type == "ResourceNotFound") return "com.amazonaws.cloudwatch.v2010_08_01#" + type;
  return "com.amazonaws.cloudwatch#" + type;
}

// Whether the client knows the service from its days of the query protocol, and its status codes.
enum class QueryMode { kNo, kYes };

net::Response error_answer(Shape shape, QueryMode mode, const Error& error,
                           const std::string& request_id) {
  const std::string code = query_code(error.type);
  if (shape == Shape::kQuery)
    return wire::query_error({error.kind, code, error.message}, request_id, kNamespace);
  Error named = error;
  named.type = full_type(error.type);
  net::Response response = shape == Shape::kCbor
                               ? wire::cbor_error(named, request_id)
                               : wire::json_error(named, request_id, wire::JsonVersion::k10);
  if (mode == QueryMode::kYes) response.status = wire::http_status(error.kind);
  // SDKs that know the service from its days of the query protocol report this code.
  response.headers.emplace_back("x-amzn-query-error",
                                code + (response.status >= 500 ? ";Receiver" : ";Sender"));
  return response;
}

Result<json> read_input(const net::Request& request, const Classification& what) {
  if (what.shape == Shape::kQuery) return query_input(*what.query);
  return what.shape == Shape::kCbor ? wire::parse_cbor_body(request.body())
                                    : wire::parse_json_body(request.body());
}

}  // namespace

struct CloudWatchService::Impl {
  explicit Impl(engine::Engine& e) : engine(e), dashboards(e.options().account, e.state()) {
    e.load_state(CloudWatchDashboards::kKind,
                 [this](const std::string& region, const std::string& name,
                        const std::string& text) { dashboards.load(region, name, text); });
  }

  Result<json> run(const std::string& operation, const json& input, const std::string& region) {
    engine::ControlLoop& loop = engine.control_loop();
    const WallTime now = engine.metric_clock().wall_now();
    if (CloudWatchMetrics::has(operation))
      return CloudWatchMetrics(loop.metrics(), engine.options().account)
          .run(operation, input, region, now);
    if (CloudWatchDashboards::has(operation)) return dashboards.run(operation, input, region, now);
    CloudWatchAlarms alarms(loop.alarms(), [&](std::vector<telemetry::FiredAction> actions) {
      loop.run(actions, now);
    });
    if (CloudWatchAlarms::has(operation))
      return alarms.run(operation, input, region, engine.options().account, now);
    return Error{ErrorKind::kInvalid, "UnknownOperationException",
                 "Kiln's CloudWatch has no operation " + operation +
                     "; docs/compatibility.md lists what there is."};
  }

  engine::Engine& engine;
  CloudWatchDashboards dashboards;
};

CloudWatchService::CloudWatchService(engine::Engine& engine)
    : impl_(std::make_unique<Impl>(engine)) {}
CloudWatchService::~CloudWatchService() = default;

void CloudWatchService::handle(net::Request&& request, Classification&& what, Reply reply) {
  if (request.body().size() <= kReadAtOnce) return read(request, std::move(what), reply);
  // A megabyte may be a million values, which take a good part of a second.
  impl_->engine.post_worker(
      [this, held = std::make_shared<net::Request>(std::move(request)), what = std::move(what),
       reply = std::move(reply)]() mutable { read(*held, std::move(what), reply); });
}

void CloudWatchService::read(const net::Request& request, Classification&& what,
                             const Reply& reply) {
  const std::string id = new_uuid();
  const QueryMode mode =
      net::field(request, "x-amzn-query-mode") == "true" ? QueryMode::kYes : QueryMode::kNo;
  auto input = read_input(request, what);
  if (!input) return reply(error_answer(what.shape, mode, input.error(), id));
  if (auto known = check_members(cloudwatch_members(), what.operation, *input, "ValidationError");
      !known)
    return reply(error_answer(what.shape, mode, known.error(), id));
  impl_->engine.post_control(
      [impl = impl_.get(), shape = what.shape, mode, operation = std::move(what.operation),
       input = std::move(*input), region = wire::CredentialScope::of(request.base()).region, id,
       reply] {
        const auto output = impl->run(operation, input, region);
        reply(output ? answer(shape, operation, *output, id)
                     : error_answer(shape, mode, output.error(), id));
      },
      effects_of(request));
}

}  // namespace kiln::services
