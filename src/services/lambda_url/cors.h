// Cross-origin resource sharing of a function URL that has a Cors configuration. Pure.
#pragma once

#include "model/function.h"
#include "net/http_message.h"

namespace kiln::services {

// Whether the request asks what it may do; it is answered without the function.
bool is_preflight(const net::Request& request);
net::Response preflight_answer(const model::UrlCors& cors, const net::Request& request);
// The configuration's headers beside those that the function set itself: a header that both set is
// there twice, as on AWS. `origin`: the request's; "" when it has none.
void add_cors(const model::UrlCors& cors, std::string_view origin, net::Response& response);

}  // namespace kiln::services
