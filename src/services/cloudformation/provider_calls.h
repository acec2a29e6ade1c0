// Asks the providers of custom resources: sends CloudFormation's request to a function or a topic,
// and takes the answer that somebody then PUTs to the request's ResponseURL.
//
//   ProviderCalls calls(ask, [] { return "http://127.0.0.1:4566"; });
//   Result<json> answer = calls.call(call);           // blocks, on a deployment's thread
//   net::Response ok = calls.take(token, body);       // what came to /_kiln/stack-responses/TOKEN
//
// A function that ends with an error before it has answered ends the wait: CloudFormation waits for
// the whole timeout. Thread-safe; outlives its calls.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "net/http_message.h"
#include "services/driver/reply.h"
#include "stack/provider.h"

namespace kiln::services {

class ProviderCalls {
 public:
  static constexpr std::string_view kPath = "/_kiln/stack-responses/";
  static constexpr size_t kMaxAnswerBytes = 4096;  // CloudFormation's

  using Ask = std::function<void(net::Request&& request, Reply reply)>;
  // `endpoint`: where functions reach this Kiln.
  ProviderCalls(Ask ask, std::function<std::string()> endpoint)
      : ask_(std::move(ask)), endpoint_(std::move(endpoint)) {}

  Result<nlohmann::json> call(const stack::ProviderCall& call);
  // Whatever comes first is the answer. 404 for a token that nobody waits for.
  net::Response take(const std::string& token, const std::string& body);

 private:
  struct Waiting {
    Mutex mutex;
    Condition changed;
    std::optional<Result<nlohmann::json>> answer KILN_GUARDED_BY(mutex);  // the first that came

    void settle(Result<nlohmann::json> result);
  };

  net::Request request_to(const stack::ProviderCall& call, const std::string& url) const;

  const Ask ask_;
  const std::function<std::string()> endpoint_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<Waiting>> waiting_ KILN_GUARDED_BY(mutex_);  // by token
};

}  // namespace kiln::services
