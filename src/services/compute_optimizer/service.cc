#include "services/compute_optimizer/service.h"

#include <algorithm>
#include <future>
#include <set>

#include "base/arn.h"
#include "base/fence.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "base/mutex.h"
#include "base/stopping.h"
#include "base/thread_start.h"
#include "cost/price_file.h"
#include "services/compute_optimizer/recommendation.h"
#include "stack/aws_api.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"
#include "wire/key_page.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr int64_t kMostResults = 1000;
constexpr int64_t kDefaultResults = 100;

Error wrong(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException", std::move(message)};
}

net::Response wait_for(const ComputeOptimizerService::Ask& ask, net::Request&& request) {
  auto answer = std::make_shared<std::promise<net::Response>>();
  auto future = answer->get_future();
  ask(std::move(request),
      [answer](net::Response&& response) { answer->set_value(std::move(response)); });
  return future.get();
}

// The APIs of this process, as surveys of functions ask them.
class OwnApi final : public survey::Api {
 public:
  OwnApi(const ComputeOptimizerService::Ask& ask, const std::string& region)
      : api_([&ask](net::Request&& request) { return wait_for(ask, std::move(request)); }, region,
             "localhost") {}

  Result<Json> call(const survey::ApiCall& call) override {
    const json body = call.body.empty() ? json() : json_parse(call.body);
    const Result<json> answer = call.target.empty() ? api_.rest(call.method, call.path, body)
                                                    : api_.rpc(call.service, call.target, body);
    if (!answer) return answer.error();
    return Json::parse_or_null(json_dump(*answer));
  }

 private:
  stack::AwsApi api_;
};

// Names of functions out of ARNs, with or without a version; all when none is given.
Result<std::set<std::string>> read_names(const json& input) {
  std::set<std::string> names;
  const auto arns = input.find("functionArns");
  if (arns == input.end() || arns->is_null()) return names;
  if (!arns->is_array()) return wrong("functionArns must be a list");
  for (const json& item : *arns) {
    const std::string arn = item.is_string() ? json_text(item) : json_dump(item);
    const size_t at = arn.find(":function:");
    if (!is_arn_of(arn, "lambda") || at == arn.npos)
      return wrong("'" + arn + "' is not the ARN of a Lambda function.");
    const std::string rest = arn.substr(at + std::string_view(":function:").size());
    names.insert(rest.substr(0, rest.find(':')));
  }
  return names;
}

Result<int64_t> read_number(const json& input, const char* member, int64_t otherwise, int64_t least,
                            int64_t most) {
  const auto found = input.find(member);
  if (found == input.end() || found->is_null()) return otherwise;
  const std::string text = found->is_string() ? json_text(*found) : json_dump(*found);
  char* end = nullptr;
  const int64_t value = std::strtoll(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value < least || value > most)
    return wrong(std::string(member) + " has the invalid value '" + text + "'.");
  return value;
}

}  // namespace

void ComputeOptimizerService::handle(net::Request&& request, const std::string& operation,
                                     Reply reply) {
  const std::string id = new_uuid();
  auto input = wire::parse_json_body(request.body());
  if (!input) return reply(wire::json_error(input.error(), id));
  auto task = [this, operation, input = std::move(*input), id, reply,
               region = wire::CredentialScope::of(request.base()).region] {
    const auto output = run(operation, input, region);
    reply(output ? wire::json_answer(*output, id) : wire::json_error(output.error(), id));
  };
  const MutexLock lock(mutex_);
  if (stopping_) return reply(wire::json_error(stopping("ServiceUnavailableException"), id));
  if (!thread_.joinable())
    thread_ = std::thread([this] {
      begin_thread();
      work();
    });
  tasks_.push(std::move(task));
  changed_.notify_one();
}

void ComputeOptimizerService::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ComputeOptimizerService::work() {
  MutexLock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&]() KILN_REQUIRES(mutex_) { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    const auto task = std::move(tasks_.front());
    tasks_.pop();
    lock.unlock();
    fenced("the optimizer's thread", task);
    lock.lock();
  }
}

Result<json> ComputeOptimizerService::run(const std::string& operation, const json& input,
                                          const std::string& region) {
  if (operation == "GetLambdaFunctionRecommendations") return recommend(input, region);
  if (operation == "GetEnrollmentStatus")
    return json{{"status", "Active"}, {"memberAccountsEnrolled", false}};
  return Error{ErrorKind::kInvalid, "UnknownOperationException",
               "Kiln's Compute Optimizer has no operation " + operation +
                   "; it has GetLambdaFunctionRecommendations and GetEnrollmentStatus."};
}

Result<json> ComputeOptimizerService::recommend(const json& input, const std::string& region) {
  const auto wanted = read_names(input);
  if (!wanted) return wanted.error();
  const auto filters = read_filters(input);
  if (!filters) return filters.error();
  const auto most = read_number(input, "maxResults", kDefaultResults, 1, kMostResults);
  if (!most) return most.error();
  const auto token = input.find("nextToken");
  const bool has_token = token != input.end() && !token->is_null();

  OwnApi api(ask_, region);
  auto names = survey::function_names(api);
  if (!names) return names.error();
  if (!wanted->empty())
    std::erase_if(*names, [&](const std::string& name) { return !wanted->contains(name); });
  const auto prices = cost::built_in_prices(region);
  simulate::StudyOptions options;
  options.seeds = 1;
  if (prices) options.costing.prices = &*prices;
  survey::AdviceQuestion question;
  question.region = region;
  question.goals.memory_alone = true;
  question.machine_now = engine_.clock().wall_now();

  // Behind the name that a page ended with, which may be gone meanwhile.
  std::sort(names->begin(), names->end());
  const auto first = wire::key_page(*names, has_token ? json_text(*token) : "", 1);
  if (!first || (has_token && !token->is_string()))
    return wrong("nextToken is not one that was given.");

  json list = json::array();
  size_t at = first->from;
  for (; at < names->size() && list.size() < static_cast<size_t>(*most) && !stopping_; ++at) {
    question.function = (*names)[at];
    const auto found = survey::advise_function(api, question, options);
    if (!found && found.error().type == "ResourceNotFoundException") continue;  // gone meanwhile
    if (!found && found.error().type != "NoData") return found.error();
    const auto settings =
        rest(api, "GET",
             "/2015-03-31/functions/" + survey::path_segment(question.function) + "/configuration");
    if (!settings) continue;
    const FunctionFacts facts{settings->text_or("FunctionArn", ""), engine_.options().account,
                              std::string(model::kLatest), settings->integer_or("MemorySize", 128),
                              engine_.metric_clock().wall_now()};
    json one = recommendation(facts, found ? &*found : nullptr);
    if (passes(one, *filters)) list.push_back(std::move(one));
  }
  json out{{"lambdaFunctionRecommendations", std::move(list)}};
  if (at > 0 && at < names->size()) out["nextToken"] = wire::key_token((*names)[at - 1]);
  return out;
}

}  // namespace kiln::services
