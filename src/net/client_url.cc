#include "net/client_url.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace kiln::net {
namespace {

Error invalid(std::string_view url, const std::string& why) {
  return {ErrorKind::kInvalid, "InvalidUrl",
          "The address '" + std::string(url.substr(0, 200)) + "' " + why +
              "; it has the form http://HOST:PORT/PATH or https://HOST/PATH."};
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(),
                    [](char l, char t) { return l == ascii::lower(t); });
}

bool valid_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 1 && value <= 65535;
}

}  // namespace

Result<ClientUrl> ClientUrl::parse(std::string_view url) {
  ClientUrl out;
  std::string_view rest = url;
  if (starts_with_ignoring_case(rest, "http://")) {
    rest.remove_prefix(7);
  } else if (starts_with_ignoring_case(rest, "https://")) {
    out.scheme = Scheme::kHttps;
    rest.remove_prefix(8);
  } else {
    return invalid(url, "is neither http:// nor https://");
  }
  // What could end the request line or smuggle a header in is no part of a URL.
  if (std::any_of(url.begin(), url.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) == 0x7f;
      })) {
    return invalid(url, "has a blank or a control character");
  }
  rest = rest.substr(0, rest.find('#'));
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, end);
  out.target = std::string(rest.substr(end));
  if (out.target.empty() || out.target.front() != '/') out.target.insert(0, 1, '/');
  if (authority.find('@') != std::string_view::npos) {
    return invalid(url, "has a user name, which is not supported");
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return invalid(url, "has no ] after the [");
    out.host = std::string(authority.substr(1, close - 1));
    port = authority.substr(close + 1);
    if (!port.empty() && port.front() != ':') return invalid(url, "has more after the ]");
  } else {
    const size_t colon = std::min(authority.find(':'), authority.size());
    out.host = std::string(authority.substr(0, colon));
    port = authority.substr(colon);
  }
  if (out.host.empty()) return invalid(url, "has no host");
  if (port.size() > 1) {
    port.remove_prefix(1);
    if (!valid_port(port)) return invalid(url, "has no valid port (1 to 65535)");
    out.port = std::string(port);
  } else {
    out.port = out.scheme == Scheme::kHttp ? "80" : "443";
  }
  return out;
}

std::string ClientUrl::host_header() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const bool usual = port == (scheme == Scheme::kHttp ? "80" : "443");
  return usual ? name : name + ":" + port;
}

}  // namespace kiln::net
