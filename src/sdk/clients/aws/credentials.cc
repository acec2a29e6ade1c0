#include "sdk/clients/aws/credentials.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

namespace kiln::aws {
namespace {

constexpr auto kRefreshBefore = std::chrono::minutes(5);
constexpr auto kTimeout = std::chrono::seconds(5);
constexpr size_t kMaxAnswer = 64 * 1024;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string text_at(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

class ContainerCredentials {
 public:
  ContainerCredentials(CredentialsSource source, std::function<WallTime()> now)
      : source_(std::move(source)), now_(std::move(now)) {}

  Credentials get() {
    const std::lock_guard lock(mutex_);
    const WallTime now = now_();
    if (current_ && (!current_->expires || now < *current_->expires - kRefreshBefore)) {
      return *current_;
    }
    try {
      current_ = fetch();
    } catch (const std::exception&) {
      // The old ones still work: the next request asks again.
      if (!current_ || now >= *current_->expires) throw;
    }
    return *current_;
  }

 private:
  Credentials fetch() {
    if (!is_trusted_container_uri(source_.uri)) {
      throw std::runtime_error("AWS_CONTAINER_CREDENTIALS_FULL_URI is '" + source_.uri +
                               "'; it must be https, or on this machine");
    }
    http::Request request{.url = source_.uri, .timeout = kTimeout, .max_body = kMaxAnswer};
    request.connect_timeout = std::chrono::seconds(2);
    if (const std::string token = authorization(); !token.empty()) {
      request.headers = {{"Authorization", token}};
    }
    const http::Response response = http_.send(request);
    if (response.status != 200) {
      throw std::runtime_error("the credentials endpoint " + source_.uri + " answers with status " +
                               std::to_string(response.status));
    }
    return parse_container_credentials(response.body);
  }

  std::string authorization() const {
    if (source_.token_file.empty()) return source_.token;
    std::ifstream file(source_.token_file);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) {
      throw std::runtime_error("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is '" + source_.token_file +
                               "', which can't be read");
    }
    return trimmed(text.str());
  }

  const CredentialsSource source_;
  const std::function<WallTime()> now_;
  std::mutex mutex_;
  http::Client http_;
  std::optional<Credentials> current_;
};

}  // namespace

CredentialsSource CredentialsSource::from_environment() {
  return {{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
           environment("AWS_SESSION_TOKEN"), std::nullopt},
          environment("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
          environment("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
          environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")};
}

std::function<Credentials()> environment_credentials(CredentialsSource source,
                                                     std::function<WallTime()> now) {
  if (!source.keys.access_key_id.empty() && !source.keys.secret_access_key.empty()) {
    return [keys = std::move(source.keys)] { return keys; };
  }
  if (source.uri.empty()) {
    return []() -> Credentials {
      throw std::runtime_error(
          "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
          "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    };
  }
  auto container = std::make_shared<ContainerCredentials>(std::move(source), std::move(now));
  return [container] { return container->get(); };
}

Credentials parse_container_credentials(std::string_view body) {
  const nlohmann::json document = nlohmann::json::parse(body, nullptr, false);
  if (!document.is_object())
    throw std::runtime_error("the credentials endpoint's answer is no JSON object");
  Credentials out{text_at(document, "AccessKeyId"), text_at(document, "SecretAccessKey"),
                  text_at(document, "Token"), std::nullopt};
  if (out.access_key_id.empty() || out.secret_access_key.empty()) {
    throw std::runtime_error(
        "the credentials endpoint's answer has no AccessKeyId and SecretAccessKey");
  }
  if (document.contains("Expiration")) {
    out.expires = parse_iso(text_at(document, "Expiration"));
    if (!out.expires)
      throw std::runtime_error("the credentials endpoint's Expiration is no time in ISO 8601");
  }
  return out;
}

bool is_trusted_container_uri(std::string_view uri) {
  if (uri.starts_with("https://")) return true;
  if (!uri.starts_with("http://")) return false;
  std::string_view host = uri.substr(7, uri.find_first_of("/?#", 7) - 7);
  // Of "user@host" only the part behind the sign is the host.
  if (host.find('@') != std::string_view::npos) return false;
  const size_t port = host.starts_with('[') ? host.find(':', host.find(']')) : host.find(':');
  host = host.substr(0, port);
  static constexpr std::array<std::string_view, 5> kTrusted = {
      "localhost", "[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  const bool loopback =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return loopback || std::find(kTrusted.begin(), kTrusted.end(), host) != kTrusted.end();
}

}  // namespace kiln::aws
