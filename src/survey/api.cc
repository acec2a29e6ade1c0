#include "survey/api.h"

#include <fmt/format.h>

#include "base/ascii.h"

namespace kiln::survey {

Result<Json> rest(Api& api, const std::string& method, const std::string& path, const Json& body) {
  return api.call({.method = method, .path = path, .body = body.is_null() ? "" : body.to_text()});
}

Result<Json> rpc(Api& api, const RpcService& service, const std::string& operation,
                 const Json& body) {
  return api.call({.method = "POST",
                   .body = body.to_text(),
                   .service = service.service,
                   .target = service.target + operation,
                   .content_type = service.content_type});
}

Result<void> each_page(Api& api, const RpcService& service, const std::string& operation, Json body,
                       const char* token, const std::function<bool(const Json& page)>& take) {
  while (true) {
    const Result<Json> page = rpc(api, service, operation, body);
    if (!page) return page.error();
    const std::string next = page->text_or(token, "");
    if (!take(*page) || next.empty() || next == body[token].text()) return {};
    body[token] = next;
  }
}

std::string path_segment(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = ascii::is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace kiln::survey
