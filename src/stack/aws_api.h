// The APIs through which a stack's resources are made: the same requests that an SDK would send,
// and answers as documents.
//
//   AwsApi api(send, "eu-west-1", "localhost:9001");
//   Result<json> made = api.rest("POST", "/2015-03-31/functions", {{"FunctionName", "f"}, …});
//   Result<json> topic = api.query("sns", "CreateTopic", {{"Name", "alerts"}});
//
// Errors: AWS's own type and message; the kind is of the status. Thread-safe, if `send` is; a call
// blocks until there is an answer.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http_message.h"

namespace kiln::stack {

class AwsApi {
 public:
  using Send = std::function<net::Response(net::Request&& request)>;
  using Form = std::vector<std::pair<std::string, std::string>>;

  // `host`: where clients reach Kiln, as their Host header says; it comes back in URLs.
  AwsApi(Send send, std::string region, std::string host)
      : AwsApi(std::move(send), std::move(region), std::move(host), Effects::kReal) {}

  // The same APIs, asked without effect: an operation answers its error, or another one
  // where it would do what it is asked; verdict() tells them apart.
  AwsApi on_trial() const;
  // The same APIs in another Region.
  AwsApi in_region(std::string region) const;
  const std::string& region() const { return region_; }

  // REST-JSON: Lambda. `path` is encoded already. A null body is none.
  Result<nlohmann::json> rest(const std::string& method, const std::string& path,
                              const nlohmann::json& body = nullptr) const;
  // JSON 1.0 and 1.1; `target` is what X-Amz-Target says: "Logs_20140328.CreateLogGroup".
  Result<nlohmann::json> rpc(const std::string& service, const std::string& target,
                             const nlohmann::json& body) const;
  // The query protocol. The answer is what is inside of <ActionResult>; all values are texts.
  Result<nlohmann::json> query(const std::string& service, const std::string& action,
                               const Form& parameters) const;
  // S3. `query`: "?policy", "" for none. An empty body is none; what comes back is nobody's
  // business.
  Result<nlohmann::json> s3(const std::string& method, const std::string& bucket,
                            const std::string& query = {}, const std::string& body = {}) const;

 private:
  enum class Effects { kReal, kNone };

  AwsApi(Send send, std::string region, std::string host, Effects effects)
      : send_(std::move(send)),
        region_(std::move(region)),
        host_(std::move(host)),
        effects_(effects) {}
  net::Request request(const std::string& method, const std::string& path,
                       const std::string& service) const;

  const Send send_;
  const std::string region_;
  const std::string host_;
  const Effects effects_;
};

// Of what was asked on trial: success if the deployment's request can succeed, as far as the
// request itself says. Nobody knows yet which other things the deployment will find.
Result<void> verdict(const Result<nlohmann::json>& answer);

// Text as one segment of a path or one value of a query.
std::string url_encoded(std::string_view text);

}  // namespace kiln::stack
