#include "model/url_host.h"

#include <algorithm>

#include "base/ascii.h"

namespace kiln::model {
namespace {

constexpr size_t kIdLength = 32;
constexpr std::string_view kLabel = ".lambda-url.";
constexpr size_t kMaxHost = 253 + 6;  // a host name and a port

using ascii::lower;

}  // namespace

bool is_url_host(std::string_view host) {
  if (host.size() <= kIdLength + kLabel.size() || host[kIdLength] != '.') return false;
  return std::equal(kLabel.begin(), kLabel.end(), host.begin() + kIdLength,
                    [](char a, char b) { return a == lower(b); });
}

std::optional<UrlHost> parse_url_host(std::string_view host) {
  if (!is_url_host(host) || host.size() > kMaxHost) return std::nullopt;
  UrlHost out;
  const size_t colon = host.find(':');
  if (colon != std::string_view::npos) out.port = host.substr(colon + 1);
  out.name = host.substr(0, colon);
  out.name = lower(out.name);
  const bool plain = std::all_of(out.name.begin(), out.name.end(),
                                 [](char c) { return ascii::is_alnum(c) || c == '-' || c == '.'; });
  const bool port = std::all_of(out.port.begin(), out.port.end(), ascii::is_digit);
  if (!plain || !port || out.name.size() <= kIdLength + kLabel.size()) return std::nullopt;
  out.id = out.name.substr(0, kIdLength);
  if (!std::all_of(out.id.begin(), out.id.end(), ascii::is_alnum)) return std::nullopt;
  const std::string rest = out.name.substr(kIdLength + kLabel.size());
  out.region = rest.substr(0, rest.find('.'));
  return out;
}

}  // namespace kiln::model
