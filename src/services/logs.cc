#include "services/logs.h"

#include "base/ids.h"
#include "engine/log_store.h"
#include "services/logs_operations.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"

namespace kiln::services {

LogsService::LogsService(engine::Engine& engine)
    : engine_(engine), groups_(engine.state(), engine.log_store()) {
  engine.load_state(engine::LogGroups::kKind,
                    [this](const std::string& region, const std::string& name,
                           const std::string& document) { groups_.load(region, name, document); });
}

void LogsService::handle(net::Request&& request, const std::string& operation, Reply reply) {
  auto work = [this, request = std::move(request), operation, reply = std::move(reply)] {
    const std::string request_id = new_uuid();
    LogsOperations operations(groups_, engine_.log_store(),
                              wire::CredentialScope::of(request.base()).region,
                              engine_.options().account, engine_.clock().wall_now());
    const auto input = wire::parse_json_body(request.body());
    if (!input) return reply(wire::json_error(input.error(), request_id));
    // A caller who has the answer of an invocation also finds its lines.
    engine_.log_store().flush();
    const auto output = operations.run(operation, *input);
    reply(output ? wire::json_answer(*output, request_id)
                 : wire::json_error(output.error(), request_id));
  };
  if (LogsOperations::changes(operation))
    engine_.post_control(std::move(work));
  else
    engine_.post_worker(std::move(work));
}

void LogsService::sweep(WallTime now) {
  engine_.post_worker([this, now] { groups_.sweep(epoch_ms(now)); });
}

}  // namespace kiln::services
