// Lambda functions as seen from another one: invoke them, read and set their concurrency.
//
//   kiln::lambda::Client lambda;  // AWS_ENDPOINT_URL_LAMBDA, AWS_ENDPOINT_URL or AWS's own
//   const auto answer = lambda.invoke("thumbnails", R"({"key":"a.png"})");
//   if (!answer.function_error.empty()) log(answer.payload);  // {"errorMessage", …}
//   if (!lambda.get_function_concurrency("thumbnails")) {
//     lambda.put_function_concurrency("thumbnails", 10);
//   }
//
// A function is a name, a name:qualifier or an ARN. All throw aws::Error; a function that fails is
// no error of invoke(). An invocation is not tried again once it may have begun. One that waits for
// its answer needs a Config::timeout above the function's own.
//
// Threading: any thread. Ownership: as <kiln/aws.h>. Cost: one request each.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kiln/aws.h"

namespace kiln::lambda {

enum class InvocationType { kRequestResponse, kEvent, kDryRun };
enum class Log { kNone, kTail };

struct InvokeOptions {
  InvocationType type = InvocationType::kRequestResponse;
  Log log = Log::kNone;
  std::string qualifier = {};  // a version or an alias
};
struct InvokeResult {
  int status = 0;  // 200, 202 for events, 204 for dry runs
  std::string payload;
  std::string function_error;  // "Unhandled"; empty: it succeeded
  std::string executed_version;
  std::string log_tail;  // the last 4 KB, for Log::kTail
};

struct FunctionConfiguration {
  std::string function_name;
  std::string function_arn;
  std::string runtime;
  std::string version;
  std::string state;
  int memory_size = 0;  // MiB
  int timeout = 0;      // seconds
};

struct AccountLimits {
  int concurrent_executions = 0;
  int unreserved_concurrent_executions = 0;  // what functions without a reserve share
};

class Client {
 public:
  // Throws std::invalid_argument when the endpoint or the region can't be one.
  explicit Client(aws::Config config = aws::Config::from_environment("lambda"));
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  InvokeResult invoke(const std::string& function, std::string_view payload,
                      const InvokeOptions& options = {});
  // The reserve; none: it shares the account's.
  std::optional<int> get_function_concurrency(const std::string& function);
  void put_function_concurrency(const std::string& function, int reserved);
  void delete_function_concurrency(const std::string& function);
  FunctionConfiguration get_function_configuration(const std::string& function);
  AccountLimits get_account_limits();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::lambda
