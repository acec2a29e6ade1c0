#include "services/logs/service.h"

#include "base/ids.h"
#include "engine/control_loop.h"
#include "logs/store.h"
#include "model/names.h"
#include "services/driver/trial.h"
#include "services/logs/members.h"
#include "services/logs/operations.h"
#include "telemetry/embedded_metrics.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"

namespace kiln::services {

LogsService::LogsService(engine::Engine& engine)
    : engine_(engine), groups_(engine.state(), engine.log_store()), policies_(engine.state()) {
  engine.load_state(logs::LogGroups::kKind,
                    [this](const std::string& region, const std::string& name,
                           const std::string& document) { groups_.load(region, name, document); });
  engine.load_state(
      logs::ResourcePolicies::kKind,
      [this](const std::string& region, const std::string& name, const std::string& document) {
        policies_.load(region, name, document);
      });
}

void LogsService::handle(net::Request&& request, const std::string& operation, Reply reply) {
  const engine::Effects effects = effects_of(request);
  auto work = [this, effects, request = std::move(request), operation, reply = std::move(reply)] {
    const std::string request_id = new_uuid();
    const std::string region = wire::CredentialScope::of(request.base()).region;
    LogsOperations operations(groups_, policies_, engine_.log_store(), region,
                              engine_.options().account, engine_.clock().wall_now());
    operations.check_function([&](const std::string& arn) -> Result<void> {
      const auto to = model::parse_function_ref(arn, "", region, engine_.options().account,
                                                model::Operation::kInvoke);
      if (!to) return to.error();
      if (effects == engine::Effects::kNone) return {};  // a deployment may make it first
      const auto function = engine_.registry().find(to->region, to->name);
      if (function && model::resolve_qualifier(**function, to->qualifier, 1)) return {};
      return model::function_not_found(*to, engine_.options().account, model::Operation::kInvoke);
    });
    std::vector<telemetry::MetricPoint> points;
    operations.on_event([&](std::string_view event) {
      const int64_t now_ms = epoch_ms(engine_.clock().wall_now());
      const int64_t shift_ms = epoch_ms(engine_.metric_clock().wall_now()) - now_ms;
      for (auto& metric : telemetry::embedded_metrics(event, now_ms))
        points.push_back(telemetry::point_of(std::move(metric), region, shift_ms));
    });
    const auto input = wire::parse_json_body(request.body());
    if (!input) return reply(wire::json_error(input.error(), request_id));
    if (auto known = check_members(logs_members(), operation, *input, "InvalidParameterException");
        !known)
      return reply(wire::json_error(known.error(), request_id));
    // A caller who has the answer of an invocation also finds its lines.
    engine_.log_store().flush();
    const auto output = operations.run(operation, *input);
    // Before the answer: who has it finds the metrics.
    if (!points.empty())
      engine_.post_control([this, points = std::move(points)] {
        auto& metrics = engine_.control_loop().metrics();
        for (const auto& point : points)
          metrics.record(point.key, point.unit, point.time_s, point.values);
      });
    reply(output ? wire::json_answer(*output, request_id)
                 : wire::json_error(output.error(), request_id));
  };
  if (LogsOperations::changes(operation))
    engine_.post_control(std::move(work), effects);
  else
    engine_.post_worker(std::move(work));
}

void LogsService::sweep(WallTime now) {
  engine_.post_worker([this, now] { groups_.sweep(epoch_ms(now)); });
}

}  // namespace kiln::services
