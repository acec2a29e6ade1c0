// Who may come in. Kiln asks nobody for a password, so that without this any web page that its user
// looks at could create and run functions: by a form sent to the port, or by a name of its own that
// it makes point at this machine (DNS rebinding), with which it reads the answers, too.
//
// A request is let in whose Host header is an address, this machine's or a container's gateway's
// name, localhost or below it, AWS's, or one that was allowed; and which no web page sent but one
// from here or from an origin that was allowed. Function URLs are for everyone: they have CORS of
// their own. Thread-safe; a request costs some comparisons.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace kiln::services {

struct DoorOptions {
  // "shop.example", "*.shop.example"; without port.
  std::vector<std::string> allowed_hosts;
  // "https://shop.example", "https://*.shop.example", "*".
  std::vector<std::string> allowed_origins;
};

class Doors {
 public:
  explicit Doors(DoorOptions options);

  // The 403, in the shape of the service that was asked; nullopt: it may come in.
  std::optional<net::Response> refusal(const net::RequestHeader& header) const;
  // The answer to a browser's question whether a page may ask, unless a bucket answers; nullopt: it
  // is none, or is to be answered by a service. REQUIRES: it may come in.
  std::optional<net::Response> preflight(const net::RequestHeader& header) const;
  // Lets the page that asked read the answer, unless it is S3's, where buckets decide. `origin`: of
  // the request; "" for none.
  static void let_read(std::string_view origin, net::Response& response);
  // The page that asks and may read the answer: "" for none, and for function URLs.
  static std::string origin_of(const net::RequestHeader& header);

 private:
  bool is_known_host(std::string_view host) const;
  bool is_known_origin(std::string_view origin, std::string_view host) const;

  const DoorOptions options_;
  const std::string own_name_;  // of this machine
};

}  // namespace kiln::services
