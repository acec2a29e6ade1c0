// The APIs that deployments need, as `kiln deploy`, `destroy` and `stacks` call them:
// CloudFormation, and what surrounds it.
//
// Not thread-safe, as the client that it borrows.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/api_client.h"
#include "cli/function_api.h"

namespace kiln::cli {

class StackClient {
 public:
  using Form = cli::Form;

  explicit StackClient(ApiClient& client) : client_(client) {}

  const ApiOptions& options() const { return client_.options(); }

  // An operation of CloudFormation; all values of the answer are texts.
  Result<nlohmann::json> call(const std::string& action, const Form& parameters);
  // The description of a stack; a null document when there is none.
  Result<nlohmann::json> find(const std::string& stack);
  // Elements of an operation that gives them page by page, until `enough` says so.
  Result<std::vector<nlohmann::json>> pages(
      const std::string& action, const Form& parameters, const char* list,
      const std::function<bool(const nlohmann::json&)>& enough = {});

  // Whether a function has this name.
  bool is_function(const std::string& name);

  Result<std::string> account();

  Result<void> make_bucket(const std::string& bucket);  // success when it is there
  Result<bool> has_object(const std::string& bucket, const std::string& key);
  Result<void> put_object(const std::string& bucket, const std::string& key, std::string body);

 private:
  Result<ApiResponse> object(const std::string& method, const std::string& path, std::string body);

  ApiClient& client_;
};

}  // namespace kiln::cli
