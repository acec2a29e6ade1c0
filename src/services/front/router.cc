#include "services/front/router.h"

#include <nlohmann/json.hpp>

#include "base/fence.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "engine/event_log.h"
#include "engine/events.h"
#include "services/absent/absent.h"
#include "services/autoscaling/service.h"
#include "services/cloudcontrol/operations.h"
#include "services/cloudformation/service.h"
#include "services/cloudwatch/service.h"
#include "services/compute_optimizer/service.h"
#include "services/driver/classify.h"
#include "services/driver/packed_body.h"
#include "services/driver/pending_answer.h"
#include "services/driver/request_name.h"
#include "services/driver/trial.h"
#include "services/front/debug.h"
#include "services/front/runtimes.h"
#include "services/front/status.h"
#include "services/front/symbols.h"
#include "services/iam/service.h"
#include "services/inventory/asking_service.h"
#include "services/lambda/routes.h"
#include "services/lambda/service.h"
#include "services/lambda_url/service.h"
#include "services/logs/service.h"
#include "services/s3/service.h"
#include "services/sns/service.h"
#include "services/ssm/service.h"
#include "services/sts/service.h"
#include "services/tagging/operations.h"
#include "wire/error_document.h"
#include "wire/query_fault.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

net::Response health() {
  net::Response response;
  response.body = json_dump(nlohmann::json{{"status", "running"}, {"version", KILN_VERSION}});
  return response;
}

constexpr std::string_view kInvoke = "Invoke";

// AWS's name of a Lambda request's operation, but for Invoke; empty when there is none.
std::string lambda_operation(std::string_view method, std::string_view target) {
  return std::string(find_lambda_route(method, wire::Uri::parse(target)).name);
}

// What the query protocol's parameters came in.
std::string_view form_of(const net::Request& request) {
  if (request.method() == net::http::verb::post) return request.body();
  const std::string_view target = net::target(request);
  const size_t question = target.find('?');
  return question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
}

// What is wrong with a template, where the answer says so: as the error of a JSON API.
std::string problems_of(const net::Response& response) {
  for (const auto& [name, value] : response.headers)
    if (name == CloudFormationService::kProblemsHeader)
      return "{\"message\":" + std::string(value) + "}";
  return "";
}

// Of an object, if its address is one's; or a browser's question about it.
bool is_read(const net::Request& request) {
  return request.method() == net::http::verb::get || request.method() == net::http::verb::head ||
         request.method() == net::http::verb::options;
}

}  // namespace

Router::Router(engine::Engine& engine)
    : engine_(engine),
      lambda_(std::make_unique<LambdaService>(engine)),
      function_urls_(std::make_unique<FunctionUrlService>(engine)),
      logs_(std::make_unique<LogsService>(engine)),
      cloudwatch_(std::make_unique<CloudWatchService>(engine)),
      autoscaling_(std::make_unique<AutoScalingService>(engine)),
      sns_(std::make_unique<SnsService>(engine)),
      status_(std::make_unique<StatusService>(engine)),
      debug_(std::make_unique<DebugService>(engine)),
      iam_(std::make_unique<IamService>(engine)),
      sts_(
          std::make_unique<StsService>(engine.options().account, engine.clock(), iam_->role_ids())),
      ssm_(std::make_unique<SsmService>(engine)),
      s3_(std::make_unique<S3Service>(engine)),
      compute_optimizer_(std::make_unique<ComputeOptimizerService>(engine, asking())),
      cloudformation_(std::make_unique<CloudFormationService>(engine, asking())),
      cloud_control_(std::make_unique<AskingService>(asking(), cloud_control)),
      tagging_(std::make_unique<AskingService>(asking(), resource_tagging)) {
  engine.each_hour([&engine, logs = logs_.get()] { logs->sweep(engine.clock().wall_now()); });
  for (const auto& [service, url] : engine.options().forwards)
    if (auto parsed = net::ClientUrl::parse(url)) forwards_.emplace(service, *parsed);
}

Router::~Router() = default;

std::function<void(net::Request&&, Reply)> Router::asking() {
  return
      [this](net::Request&& request, Reply reply) { handle(std::move(request), std::move(reply)); };
}

void Router::stop() {
  *stopping_ = true;
  // First: deployments leave before what their steps wait for, downloads too, gives up.
  cloudformation_->stop();
  lambda_->stop();
  compute_optimizer_->stop();
  cloud_control_->stop();
  tagging_->stop();
}

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
  if (is_packed(request, what)) {
    if (const auto unpacked = unpack(request); !unpacked)
      return reply(error_in_shape(what.shape, unpacked.error(), new_uuid()));
    what = classify(request);
  }
  const bool tried = effects_of(request) == engine::Effects::kNone;
  if (tried && !can_be_tried(what, request))
    return reply(error_in_shape(what.shape,
                                {ErrorKind::kInvalid, "InvalidParameterValue",
                                 what.operation + " can't be tried without effect"},
                                new_uuid()));
  // The thing may be there already, so that the operation has nothing to keep.
  if (tried)
    reply = [reply = std::move(reply), shape = what.shape](net::Response&& response) {
      const bool done = response.status < 300;
      reply(done ? error_in_shape(shape, trial::not_kept(), new_uuid()) : std::move(response));
    };
  if (!tried && engine_.events().wants(engine::Severity::kError))
    reply = observed(request, what, std::move(reply));
  reply = with_answer(std::move(reply), request, what, stopping_);
  if (what.query)
    if (const auto fault = wire::query_fault(form_of(request)))
      return reply(error_in_shape(what.shape, *fault, new_uuid()));
  // What throws drops the reply, which then answers by itself.
  const RequestName name(request, what.operation);
  fenced(name.text(), [&] {
    if (is_runtimes_request(request)) return tell_runtimes(engine_, std::move(reply));
    if (is_symbols_request(request)) return keep_symbols(engine_, request, std::move(reply));
    route(std::move(request), std::move(what), std::move(reply), peer, std::move(body));
  });
}

void Router::preflight(net::Request&& request, net::Response&& otherwise, Reply reply) {
  const Api api = classify(request).api;
  if (api == Api::kS3) return s3_->handle(std::move(request), nullptr, std::move(reply));
  if (api == Api::kUnknown)
    return s3_->handle_unsigned(std::move(request), std::move(otherwise), std::move(reply));
  reply(std::move(otherwise));
}

Reply Router::observed(const net::Request& request, const Classification& what, Reply reply) const {
  // What Kiln asks itself, and what watches Kiln, is nobody's news.
  if (what.api == Api::kHealth || what.api == Api::kStatus || what.api == Api::kMetrics ||
      what.api == Api::kDebug || is_runtimes_request(request))
    return reply;
  const std::string_view method(request.method_string().data(), request.method_string().size());
  const std::string_view target(request.target().data(), request.target().size());
  const bool invokes = what.api == Api::kFunctionUrl || is_invocation(request);
  return
      [&engine = engine_, api = what.api, service = what.service, operation = what.operation,
       method = std::string(method), target = std::string(target), invokes,
       start = engine_.clock().steady_now(), reply = std::move(reply)](net::Response&& response) {
        // An invocation that ran, or was throttled, is an event of its own.
        if (invokes && (response.status < 400 || response.status == 429))
          return reply(std::move(response));
        engine::AnsweredRequest answered;
        answered.service = service;
        answered.operation = operation;
        if (api == Api::kFunctionUrl) answered.service = "url";
        if (api == Api::kLambda) {
          answered.service = "lambda";
          answered.operation = invokes ? std::string(kInvoke) : lambda_operation(method, target);
        }
        answered.request = method + " " + target;
        answered.status = response.status;
        const std::string problems = problems_of(response);
        const std::string told = response.status < 400 || !problems.empty()
                                     ? problems
                                     : wire::error_document(response.content_type, response.body);
        answered.error_body = told.empty() ? std::string_view(response.body) : told;
        if (engine.events().wants(engine::severity_of(answered))) {
          answered.duration_ms = to_ms(engine.clock().steady_now() - start);
          engine.events().write(engine::api_event(answered, engine.clock().wall_now()));
        }
        reply(std::move(response));
      };
}

// Services that the driver knows by their name alone.
void Router::by_name(net::Request&& request, Classification&& what, Reply reply) {
  if (what.service == "iam" && what.query) {
    const auto caller =
        sts_->is_role_session(request.base()) ? IamCaller::kRoleSession : IamCaller::kRoot;
    return iam_->handle(std::move(request), std::move(what), caller, std::move(reply));
  }
  if (what.service == "cloudcontrolapi")
    return cloud_control_->handle(std::move(request), std::move(what), std::move(reply));
  if (what.service == "tagging")
    return tagging_->handle(std::move(request), std::move(what), std::move(reply));
  const std::string id = new_uuid();
  auto answer = absent_answer(what, request, engine_.options().account, id);
  reply(answer ? std::move(*answer) : not_here(what, id));
}

void Router::route(net::Request&& request, Classification&& what, Reply reply,
                   const std::function<std::string()>& peer, std::shared_ptr<net::BodySink> body) {
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
    case Api::kDebug:
      return debug_->handle(request, std::move(reply));
    case Api::kAutoScaling:
      return autoscaling_->handle(std::move(request), what.operation, std::move(reply));
    case Api::kComputeOptimizer:
      return compute_optimizer_->handle(std::move(request), what.operation, std::move(reply));
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
      return by_name(std::move(request), std::move(what), std::move(reply));
  }
}

}  // namespace kiln::services
