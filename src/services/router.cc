#include "services/router.h"

#include <nlohmann/json.hpp>

#include "base/ids.h"
#include "services/autoscaling.h"
#include "services/classify.h"
#include "services/cloudformation.h"
#include "services/cloudwatch.h"
#include "services/function_url.h"
#include "services/lambda.h"
#include "services/logs.h"
#include "services/s3.h"
#include "services/sns.h"
#include "services/ssm.h"
#include "services/status.h"
#include "services/sts.h"

namespace kiln::services {
namespace {

net::Response health() {
  net::Response response;
  response.body = nlohmann::json{{"status", "running"}, {"version", KILN_VERSION}}.dump();
  return response;
}

bool is_read(const net::Request& request) {
  return request.method() == net::http::verb::get || request.method() == net::http::verb::head;
}

}  // namespace

Router::Router(engine::Engine& engine)
    : lambda_(std::make_unique<LambdaService>(engine)),
      function_urls_(std::make_unique<FunctionUrlService>(engine)),
      logs_(std::make_unique<LogsService>(engine)),
      cloudwatch_(std::make_unique<CloudWatchService>(engine)),
      autoscaling_(std::make_unique<AutoScalingService>(engine)),
      sns_(std::make_unique<SnsService>(engine)),
      status_(std::make_unique<StatusService>(engine)),
      sts_(std::make_unique<StsService>(engine.options().account, engine.clock())),
      ssm_(std::make_unique<SsmService>(engine)),
      s3_(std::make_unique<S3Service>(engine)),
      cloudformation_(std::make_unique<CloudFormationService>(
          engine, [this](net::Request&& request, Reply reply) {
            handle(std::move(request), std::move(reply));
          })) {
  engine.each_hour([&engine, logs = logs_.get()] { logs->sweep(engine.clock().wall_now()); });
  for (const auto& [service, url] : engine.options().forwards)
    if (auto parsed = net::ClientUrl::parse(url)) forwards_.emplace(service, *parsed);
}

Router::~Router() = default;

void Router::stop() { cloudformation_->stop(); }

uint64_t Router::body_limit(const net::RequestHeader& header) const {
  return is_s3(header) ? S3Service::body_limit(header) : services::body_limit(header);
}

net::Response Router::too_large(const net::RequestHeader& header) const {
  return is_s3(header) ? S3Service::too_large(header) : services::too_large(header, new_uuid());
}

std::shared_ptr<net::BodySink> Router::body_sink(const net::RequestHeader& header) const {
  if (header.method() != net::http::verb::put || !is_s3(header)) return nullptr;
  return s3_->body_sink(header);
}

const net::ClientUrl* Router::forward_of(const net::RequestHeader& header) const {
  if (forwards_.empty()) return nullptr;
  const Classification what = classify(header);
  // A path that is nobody's and not signed as today's SDKs do is an object's: a public one, or one
  // whose address was signed in the old way.
  const bool nobodys = what.api == Api::kUnknown && !header.target().starts_with("/_kiln/");
  // Of some services that are here a user may prefer another server's.
  const bool may_pass = what.api == Api::kAbsent || what.api == Api::kS3 || what.api == Api::kSsm ||
                        what.api == Api::kSts;
  if (!may_pass && !nobodys) return nullptr;
  const auto found = forwards_.find(nobodys ? "s3" : what.service);
  return found == forwards_.end() ? nullptr : &found->second;
}

void Router::handle(net::Request&& request, Reply reply, const std::function<std::string()>& peer,
                    std::shared_ptr<net::BodySink> body) {
  Classification what = classify(request);
  switch (what.api) {
    case Api::kLambda:
      return lambda_->handle(std::move(request), std::move(reply));
    case Api::kFunctionUrl:
      return function_urls_->handle(std::move(request), peer ? peer() : std::string(),
                                    std::move(reply));
    case Api::kCloudWatch:
      return cloudwatch_->handle(std::move(request), std::move(what), std::move(reply));
    case Api::kCloudFormation:
      return cloudformation_->handle(std::move(request), std::move(what), std::move(reply));
    case Api::kSns:
      return sns_->handle(std::move(request), std::move(what), std::move(reply));
    case Api::kLogs:
      return logs_->handle(std::move(request), what.operation, std::move(reply));
    case Api::kSts:
      return reply(sts_->handle(request.base(), *what.query));
    case Api::kHealth:
      return reply(health());
    case Api::kStatus:
      return status_->handle(StatusFormat::kJson, std::move(reply));
    case Api::kMetrics:
      return status_->handle(StatusFormat::kPrometheus, std::move(reply));
    case Api::kAutoScaling:
      return autoscaling_->handle(std::move(request), what.operation, std::move(reply));
    case Api::kSsm:
      return ssm_->handle(std::move(request), what.operation, std::move(reply));
    case Api::kS3:
      return s3_->handle(std::move(request), std::move(body), std::move(reply));
    case Api::kUnknown:
      if (is_read(request))
        return s3_->handle_unsigned(std::move(request), not_here(what, new_uuid()),
                                    std::move(reply));
      [[fallthrough]];
    case Api::kAbsent:
      return reply(not_here(what, new_uuid()));
  }
}

}  // namespace kiln::services
