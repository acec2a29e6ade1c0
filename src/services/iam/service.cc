#include "services/iam/service.h"

#include "base/arn.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "engine/event_log.h"
#include "engine/events.h"
#include "services/driver/trial.h"
#include "services/iam/operations.h"
#include "wire/credential_scope.h"
#include "wire/query_protocol.h"

namespace kiln::services {
namespace {

constexpr const char* kNamespace = "https://iam.amazonaws.com/doc/2010-05-08/";

// IAM belongs to no Region: a book's ARNs are those of the partition aws, and are given in the
// partition that is asked from.
void move(nlohmann::json& document, const std::string& from, const std::string& to) {
  if (auto* text = document.get_ptr<std::string*>()) {
    if (text->starts_with(from)) text->replace(0, from.size(), to);
  } else if (document.is_structured()) {
    for (auto& member : document) move(member, from, to);
  }
}

bool is_time(std::string_view member) { return member.ends_with("Date"); }

}  // namespace

IamService::IamService(engine::Engine& engine)
    : engine_(engine), book_(engine.options().account, engine.state()) {
  for (const char* kind : {IamBook::kRoleKind, IamBook::kPolicyKind})
    engine.load_state(
        kind, [&](const std::string&, const std::string& key, const std::string& document) {
          if (auto done = book_.load(kind, document); !done)
            engine.events().write(engine::note_event(
                engine::Severity::kWarning, key + " of IAM is left out: " + done.error().message,
                engine.clock().wall_now()));
        });
}

void IamService::handle(net::Request&& request, Classification&& what, IamCaller caller,
                        Reply reply) {
  const std::string region = wire::CredentialScope::of(request.base()).region;
  engine_.post_control(
      [this, caller, arns = global_arn_start("iam", region), operation = std::move(what.operation),
       input = what.query->document(), reply = std::move(reply)]() mutable {
        const std::string id = new_uuid();
        const std::string own = global_arn_start("iam", "");
        if (arns != own) move(input, arns, own);
        auto output =
            IamOperations(book_, engine_.clock().wall_now(), caller).run(operation, input);
        if (!output) return reply(wire::query_error(output.error(), id, kNamespace));
        if (arns != own) move(*output, own, arns);
        wire::XmlAnswer xml(operation, kNamespace);
        reply(xml.add(*output, {is_time, {}}).finish(id));
      },
      effects_of(request));
}

}  // namespace kiln::services
