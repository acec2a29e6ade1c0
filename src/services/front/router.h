// The one port: decides from method, path and headers which service an HTTP request is for, and
// answers for services that are not here with an error in that service's own shape that names the
// service and operation.
//
// Threading: handle() runs on the connection's loop; `reply` may be called later, on any thread,
// exactly once.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/engine.h"
#include "net/client_url.h"
#include "net/http_message.h"
#include "net/http_server.h"
#include "services/driver/classify.h"
#include "services/driver/reply.h"

namespace kiln::services {

class AskingService;
class AutoScalingService;
class CloudFormationService;
class CloudWatchService;
class ComputeOptimizerService;
class DebugService;
class FunctionUrlService;
class IamService;
class LambdaService;
class LogsService;
class S3Service;
class SnsService;
class SsmService;
class StatusService;
class StsService;

class Router {
 public:
  explicit Router(engine::Engine& engine);
  ~Router();

  uint64_t body_limit(const net::RequestHeader& header) const;
  net::Response too_large(const net::RequestHeader& header) const;
  // The server that requests with this header are passed on to; nullptr: they are answered here.
  const net::ClientUrl* forward_of(const net::RequestHeader& header) const;
  // Where the body of this request goes; nullptr: into the request.
  std::shared_ptr<net::BodySink> body_sink(const net::RequestHeader& header) const;
  // `peer` gives the address of who asks, for those who want to know; `body` is what body_sink()
  // gave for this request.
  void handle(net::Request&& request, Reply reply, const std::function<std::string()>& peer = {},
              std::shared_ptr<net::BodySink> body = nullptr);
  // A browser's question whether a page may ask. Buckets answer by their CORS configuration, all
  // others give `otherwise`.
  void preflight(net::Request&& request, net::Response&& otherwise, Reply reply);
  SsmService& ssm() { return *ssm_; }
  StatusService& status() { return *status_; }
  CloudFormationService& cloudformation() { return *cloudformation_; }
  // Interrupts what goes on by itself. Must come before the engine stops; safe to call twice.
  void stop();

 private:
  // How services reach the others.
  std::function<void(net::Request&&, Reply)> asking();
  void by_name(net::Request&& request, Classification&& what, Reply reply);
  void route(net::Request&& request, Classification&& what, Reply reply,
             const std::function<std::string()>& peer, std::shared_ptr<net::BodySink> body);
  // `reply`, which also tells the engine's event log how the request was answered.
  Reply observed(const net::Request& request, const Classification& what, Reply reply) const;

  engine::Engine& engine_;
  const std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
  std::map<std::string, net::ClientUrl> forwards_;  // by service
  std::unique_ptr<LambdaService> lambda_;
  std::unique_ptr<FunctionUrlService> function_urls_;
  std::unique_ptr<LogsService> logs_;
  std::unique_ptr<CloudWatchService> cloudwatch_;
  std::unique_ptr<AutoScalingService> autoscaling_;
  std::unique_ptr<SnsService> sns_;
  std::unique_ptr<StatusService> status_;
  std::unique_ptr<DebugService> debug_;
  std::unique_ptr<IamService> iam_;
  std::unique_ptr<StsService> sts_;
  std::unique_ptr<SsmService> ssm_;
  std::unique_ptr<S3Service> s3_;
  std::unique_ptr<ComputeOptimizerService> compute_optimizer_;  // these ask all of the others
  std::unique_ptr<CloudFormationService> cloudformation_;
  std::unique_ptr<AskingService> cloud_control_;
  std::unique_ptr<AskingService> tagging_;
};

}  // namespace kiln::services
