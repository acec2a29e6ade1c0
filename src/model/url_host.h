// The host name of a function URL: ID.lambda-url.REGION. and anything behind it, in any case. Pure.
// Cost: a request for anything else pays a comparison of one character.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kiln::model {

struct UrlHost {
  std::string id;      // 32 of [a-z0-9]
  std::string region;  // in lower case
  std::string name;    // the whole name in lower case, without the port
  std::string port;    // "" where none is said
};

bool is_url_host(std::string_view host);
// nullopt: not the host of a function URL.
std::optional<UrlHost> parse_url_host(std::string_view host);

}  // namespace kiln::model
