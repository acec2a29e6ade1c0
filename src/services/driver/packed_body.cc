#include "services/driver/packed_body.h"

#include "wire/gzip.h"

namespace kiln::services {

bool is_packed(const net::Request& request, const Classification& what) {
  // A packed form is of no operation yet.
  if (what.api != Api::kCloudWatch && what.service != "cloudwatch") return false;
  return net::same_name(net::field(request, "Content-Encoding"), "gzip");
}

Result<void> unpack(net::Request& request) {
  auto text = wire::gunzip(request.body(), kMaxUnpackedBytes);
  if (!text) return text.error();
  request.body() = std::move(*text);
  request.erase("Content-Encoding");
  return {};
}

}  // namespace kiln::services
