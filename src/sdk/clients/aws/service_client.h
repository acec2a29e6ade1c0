// One AWS service as its client sees it: endpoint, signature, attempts, errors.
//
//   ServiceClient service({.name = "lambda"}, config);
//   const auto answer = service.call({.operation = "Invoke", .method = "POST",
//                                     .path = "/2015-03-31/functions/f/invocations", .body =
//                                     payload});
//
// Threading: any thread. Ownership: owns its connections; a call's texts must live during it.
#pragma once

#include <mutex>
#include <random>
#include <string>
#include <string_view>

#include "kiln/aws.h"
#include "kiln/http.h"
#include "sdk/clients/aws/retry.h"
#include "sdk/clients/aws/sigv4.h"

namespace kiln::aws {

struct Service {
  std::string_view name;       // in messages, and signed
  std::string_view host = {};  // HOST.REGION.amazonaws.com; empty: as `name`
  PathForm path_form = PathForm::kEncodedTwice;
  bool content_hash = false;  // send x-amz-content-sha256, which S3 wants
};

struct Call {
  std::string_view operation = {};
  std::string method = "POST";
  std::string host_prefix = {};  // "bucket."
  std::string path = "/";        // percent-encoded
  Query query = {};
  http::Headers headers = {};
  std::string_view body = {};
  Repeat repeat = Repeat::kTwice;
  std::function<bool(std::string_view)> sink = {};
};

// Scheme, host and path of "http://127.0.0.1:4566/base/": nothing of them is empty but the path,
// which has no "/" at its end.
struct Endpoint {
  std::string scheme;
  std::string host;  // with its port
  std::string path;

  // Throws std::invalid_argument.
  static Endpoint parse(std::string_view url);
};

class ServiceClient {
 public:
  // Throws std::invalid_argument for an endpoint that is no URL, and for a region that is none.
  ServiceClient(Service service, Config config);

  // The answer, its status 2xx. Throws Error.
  http::Response call(const Call& call);

  bool is_custom_endpoint() const { return custom_; }
  const std::string& region() const { return config_.region; }
  std::string_view name() const { return service_.name; }

 private:
  http::Response attempt(const Call& call, std::string_view payload_hash, bool& passed_on);
  void wait(int retry);

  const Service service_;
  const Config config_;
  Endpoint endpoint_;
  bool custom_;
  std::function<Credentials()> credentials_;
  http::Client http_;
  std::mutex mutex_;  // of random_
  std::minstd_rand random_;
};

}  // namespace kiln::aws
