#include "kiln/sns.h"

#include "sdk/clients/aws/error.h"
#include "sdk/clients/aws/service_client.h"
#include "sdk/clients/aws/xml.h"

namespace kiln::sns {

struct Client::Impl {
  explicit Impl(aws::Config config) : service({.name = "sns"}, std::move(config)) {}
  aws::ServiceClient service;
};

Client::Client(aws::Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

std::string Client::publish(const std::string& topic_arn, const std::string& message,
                            const PublishOptions& options) {
  aws::Query form = {{"Action", "Publish"},
                     {"Version", "2010-03-31"},
                     {"TopicArn", topic_arn},
                     {"Message", message}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) form.emplace_back(name, value);
  };
  add("Subject", options.subject);
  add("MessageGroupId", options.group_id);
  add("MessageDeduplicationId", options.deduplication_id);
  size_t number = 0;
  for (const auto& [name, value] : options.attributes) {
    const std::string entry = "MessageAttributes.entry." + std::to_string(++number) + ".";
    form.emplace_back(entry + "Name", name);
    form.emplace_back(entry + "Value.DataType", "String");
    form.emplace_back(entry + "Value.StringValue", value);
  }
  const std::string body = aws::encode_query(form);
  aws::Call call{.operation = "Publish", .body = body, .repeat = aws::Repeat::kOnce};
  call.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
  const http::Response response = impl_->service.call(call);
  const auto root = aws::xml::parse(response.body);
  const aws::xml::Element* result = root ? root->child("PublishResult") : nullptr;
  std::string id = result ? result->text_of("MessageId") : "";
  if (id.empty()) throw aws::bad_answer("sns", "Publish", response, "the answer has no MessageId");
  return id;
}

}  // namespace kiln::sns
