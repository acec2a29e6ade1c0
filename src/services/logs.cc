#include "services/logs.h"

#include "base/ids.h"
#include "engine/log_store.h"
#include "services/logs_operations.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"

namespace kiln::services {

void LogsService::handle(net::Request&& request, const std::string& operation, Reply reply) {
  engine_.post_worker([this, request = std::move(request), operation, reply = std::move(reply)] {
    const std::string request_id = new_uuid();
    const LogsOperations operations(engine_.log_store(),
                                    wire::CredentialScope::of(request.base()).region,
                                    engine_.options().account);
    const auto input = wire::parse_json_body(request.body());
    if (!input) return reply(wire::json_error(input.error(), request_id));
    // A caller who has the answer of an invocation also finds its lines.
    engine_.log_store().flush();
    const auto output = operations.run(operation, *input);
    reply(output ? wire::json_answer(*output, request_id)
                 : wire::json_error(output.error(), request_id));
  });
}

}  // namespace kiln::services
