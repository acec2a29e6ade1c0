#include "sdk/clients/aws/service_client.h"

#include <algorithm>
#include <thread>

#include "sdk/clients/aws/credentials.h"
#include "sdk/clients/aws/crypto.h"
#include "sdk/clients/aws/error.h"
#include "sdk/core/random_bits.h"

namespace kiln::aws {
namespace {

// A region becomes part of a host name.
bool is_region(std::string_view region) {
  return !region.empty() && std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string own_endpoint(const Service& service, const std::string& region) {
  const std::string_view host = service.host.empty() ? service.name : service.host;
  return "https://" + std::string(host) + "." + region +
         (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

}  // namespace

Endpoint Endpoint::parse(std::string_view url) {
  const size_t colon = url.find("://");
  const std::string_view scheme = url.substr(0, colon == std::string_view::npos ? 0 : colon);
  if (scheme == "http" || scheme == "https") {
    const std::string_view rest = url.substr(colon + 3);
    const size_t slash = std::min(rest.find('/'), rest.size());
    std::string_view path = rest.substr(slash);
    while (path.ends_with('/')) path.remove_suffix(1);
    const std::string_view host = rest.substr(0, slash);
    if (!host.empty() && rest.find_first_of("?#@ \t\r\n") == std::string_view::npos) {
      return {std::string(scheme), std::string(host), std::string(path)};
    }
  }
  throw std::invalid_argument("the endpoint '" + std::string(url) +
                              "' is no URL; write it as http://127.0.0.1:4566");
}

ServiceClient::ServiceClient(Service service, Config config)
    : service_(service),
      config_(std::move(config)),
      custom_(!config_.endpoint.empty()),
      random_(static_cast<uint32_t>(sdk::random_bits())) {
  if (!is_region(config_.region)) {
    throw std::invalid_argument("'" + config_.region + "' is no region; set AWS_REGION");
  }
  endpoint_ = Endpoint::parse(custom_ ? config_.endpoint : own_endpoint(service_, config_.region));
  const auto now = config_.now ? config_.now : [] { return std::chrono::system_clock::now(); };
  credentials_ = config_.credentials
                     ? config_.credentials
                     : environment_credentials(CredentialsSource::from_environment(), now);
}

http::Response ServiceClient::call(const Call& call) {
  const int attempts = std::max(config_.max_attempts, 1);
  std::string payload_hash;
  bool passed_on = false;  // something of the body: the next attempt would pass it on again
  for (int n = 1;; ++n) {
    try {
      if (payload_hash.empty()) payload_hash = hex(sha256(call.body));
      http::Response response = attempt(call, payload_hash, passed_on);
      if (response.status >= 200 && response.status < 300) return response;
      Error error = error_of(service_.name, call.operation, response);
      if (n == attempts || !worth_retry(error.status(), error.code(), call.repeat)) throw error;
    } catch (const http::Error& error) {
      if (n == attempts || passed_on || !worth_retry(error.kind(), call.repeat)) {
        throw error_of(service_.name, call.operation, error);
      }
    }
    wait(n);
  }
}

http::Response ServiceClient::attempt(const Call& call, std::string_view payload_hash,
                                      bool& passed_on) {
  Credentials credentials;
  try {
    credentials = credentials_();
  } catch (const std::exception& e) {
    throw Error(
        {std::string(service_.name), std::string(call.operation), "Credentials", e.what(), 0, ""});
  }
  const std::string host = call.host_prefix + endpoint_.host;
  const std::string path = endpoint_.path + call.path;
  http::Request request;
  request.method = call.method;
  request.url = endpoint_.scheme + "://" + host + path;
  if (!call.query.empty()) request.url += "?" + encode_query(call.query);
  request.headers = call.headers;
  request.headers.emplace_back("host", host);
  if (service_.content_hash) request.headers.emplace_back("x-amz-content-sha256", payload_hash);
  request.body = call.body;
  request.timeout = config_.timeout;
  request.connect_timeout = config_.connect_timeout;
  if (call.sink) {
    request.sink = [&](std::string_view piece) {
      passed_on = true;
      return call.sink(piece);
    };
  }
  const WallTime now = config_.now ? config_.now() : std::chrono::system_clock::now();
  sign({call.method, path, call.query, payload_hash, service_.path_form},
       {config_.region, service_.name}, credentials, now, request.headers);
  return http_.send(request);
}

void ServiceClient::wait(int retry) {
  double part = 0;
  {
    const std::lock_guard lock(mutex_);
    part = std::uniform_real_distribution<double>(0, 1)(random_);
  }
  const auto time = backoff(retry, part);
  if (config_.sleep) {
    config_.sleep(time);
  } else {
    std::this_thread::sleep_for(time);
  }
}

}  // namespace kiln::aws
