#include "services/autoscaling/service.h"

#include "base/ids.h"
#include "base/system_tags.h"
#include "services/autoscaling/members.h"
#include "services/autoscaling/operations.h"
#include "services/driver/trial.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"

namespace kiln::services {

void AutoScalingService::handle(net::Request&& request, const std::string& operation, Reply reply) {
  const std::string id = new_uuid();
  auto input = wire::parse_json_body(request.body());
  if (!input) return reply(wire::json_error(input.error(), id));
  if (auto known = check_members(autoscaling_members(), operation, *input, "ValidationException");
      !known)
    return reply(wire::json_error(known.error(), id));
  // A plan asks without effect, and hears what a client would.
  const bool changes_by_stack = net::field(request, system_tags::kHeader) == system_tags::kStack &&
                                effects_of(request) == engine::Effects::kReal;
  const auto times = changes_by_stack ? ApplicationAutoScaling::Times::kAny
                                      : ApplicationAutoScaling::Times::kToCome;
  engine_.post_control([&engine = engine_, operation, input = std::move(*input), times,
                        region = wire::CredentialScope::of(request.base()).region, id,
                        reply = std::move(reply)] {
    if (!ApplicationAutoScaling::has(operation))
      return reply(
          wire::json_error({ErrorKind::kInvalid, "UnknownOperationException",
                            "Kiln's Application Auto Scaling has no operation " + operation +
                                "; docs/compatibility.md lists what there is."},
                           id));
    const auto output = ApplicationAutoScaling(engine.scaling())
                            .run(operation, input, region, engine.options().account,
                                 engine.metric_clock().wall_now(), times);
    reply(output ? wire::json_answer(*output, id) : wire::json_error(output.error(), id));
  });
}

}  // namespace kiln::services
