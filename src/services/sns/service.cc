#include "services/sns/service.h"

#include "base/arn.h"
#include "base/ids.h"
#include "engine/notifier.h"
#include "notify/topic_book.h"
#include "services/driver/trial.h"
#include "services/sns/members.h"
#include "services/sns/operations.h"
#include "wire/credential_scope.h"
#include "wire/query_protocol.h"

namespace kiln::services {
namespace {

constexpr const char* kNamespace = "http://sns.amazonaws.com/doc/2010-03-31/";

// The links in messages are opened without a signature: the ARN in them says which Region.
std::string region_of(const net::Request& request, const wire::QueryRequest& query) {
  const auto scope = wire::CredentialScope::of(request.base());
  if (!scope.service.empty()) return scope.region;
  std::string_view arn = query.get("TopicArn");
  if (arn.empty()) arn = query.get("SubscriptionArn");
  constexpr std::string_view kService = ":sns:";
  if (!is_arn_of(arn, "sns")) return scope.region;
  const size_t start = arn.find(kService) + kService.size();
  return std::string(arn.substr(start, arn.find(':', start) - start));
}

}  // namespace

void SnsService::handle(net::Request&& request, Classification&& what, Reply reply) {
  const std::string region = region_of(request, *what.query);
  auto input = query_input(*what.query);
  if (auto known = check_members(sns_members(), what.operation, input, "InvalidParameter"); !known)
    return reply(wire::query_error(known.error(), new_uuid(), kNamespace));
  const engine::Effects effects = effects_of(request);
  engine_.post_control(
      [&engine = engine_, region, effects,
       trace = std::string(net::field(request, "X-Amzn-Trace-Id")),
       operation = std::move(what.operation), input = std::move(input), reply = std::move(reply)] {
        const std::string id = new_uuid();
        SnsOperations::Ports ports;
        ports.publish = [&](const notify::Topic& topic, const notify::Message& message) {
          return engine.notifier().publish(topic, message);
        };
        ports.text = [&](const std::string& phone, const std::string& message) {
          return engine.notifier().text(phone, message);
        };
        ports.trace_header = trace;
        if (effects == engine::Effects::kNone)
          ports.missing_topic = notify::TopicBook::MissingTopic::kLast;
        ports.ask_confirmation = [&](notify::Confirmation kind,
                                     const notify::SubscriptionPtr& subscription) {
          if (effects == engine::Effects::kReal)
            engine.notifier().ask_confirmation(kind, subscription);
        };
        const auto output =
            SnsOperations(engine.topics(), std::move(ports)).run(operation, input, region);
        if (!output) return reply(wire::query_error(output.error(), id, kNamespace));
        wire::XmlAnswer xml(operation, kNamespace);
        const auto is_entry_list = [](std::string_view member) { return member == "Attributes"; };
        reply(xml.add(*output, {{}, is_entry_list}).finish(id));
      },
      effects);
}

}  // namespace kiln::services
