#include "services/ssm/service.h"

#include "base/ids.h"
#include "services/driver/trial.h"
#include "services/ssm/members.h"
#include "services/ssm/operations.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"

namespace kiln::services {

SsmService::SsmService(engine::Engine& engine) : engine_(engine), parameters_(engine.state()) {
  engine.load_state(SsmParameters::kKind, [this](const std::string& region, const std::string& name,
                                                 const std::string& document) {
    parameters_.load(region, name, document);
  });
  engine_.load_state(
      SsmParameters::kPastKind,
      [this](const std::string& region, const std::string& key, const std::string& document) {
        parameters_.load_past(region, key, document);
      });
}

void SsmService::handle(net::Request&& request, const std::string& operation, Reply reply) {
  const std::string id = new_uuid();
  auto input = wire::parse_json_body(request.body());
  if (!input) return reply(wire::json_error(input.error(), id));
  if (auto known = check_members(ssm_members(), operation, *input, "ValidationException"); !known)
    return reply(wire::json_error(known.error(), id));
  engine_.post_control(
      [this, operation, input = std::move(*input),
       region = wire::CredentialScope::of(request.base()).region, id, reply = std::move(reply)] {
        SsmOperations operations(parameters_, region, engine_.options().account,
                                 engine_.clock().wall_now());
        const auto output = operations.run(operation, input);
        reply(output ? wire::json_answer(*output, id) : wire::json_error(output.error(), id));
      },
      effects_of(request));
}

}  // namespace kiln::services
