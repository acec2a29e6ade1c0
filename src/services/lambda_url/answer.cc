#include "services/lambda_url/answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/json_access.h"

namespace kiln::services {
namespace {

using ascii::lower;
using nlohmann::json;
using std::string_view_literals::operator""sv;

// Of a body that is no string: writing it out again recurses.
constexpr int kMaxNesting = 512;
// About the connection, which is not the function's: AWS renames them.
constexpr std::array kConnectionFields = {
    "connection"sv, "content-length"sv, "keep-alive"sv,        "proxy-connection"sv,
    "te"sv,         "trailer"sv,        "transfer-encoding"sv, "upgrade"sv};

// RFC 9110's token.
bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return ascii::is_alnum(c) || "!#$%&'*+-.^_`|~"sv.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

// 200 or "200"; nullopt: nothing that may stand in a response.
std::optional<unsigned> status_of(const json& given) {
  int64_t status = 0;
  if (given.is_number_integer()) {
    status = json_integer(given);
  } else if (given.is_string()) {
    const auto& text = json_text(given);
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), status);
    if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  if (status < 200 || status > 599) return std::nullopt;
  return static_cast<unsigned>(status);
}

std::optional<std::string> scalar_text(const json& value) {
  if (value.is_string()) return json_text(value);
  if (value.is_number() || value.is_boolean()) return json_dump(value);
  return std::nullopt;
}

// False: a field that can't be sent.
bool add_fields(const json& document, net::Response& response) {
  if (const auto headers = document.find("headers");
      headers != document.end() && !headers->is_null()) {
    if (!headers->is_object()) return false;
    for (const auto& [name, value] : headers->items()) {
      const auto text = scalar_text(value);
      if (!text || !is_field_name(name) || !is_field_value(*text)) return false;
      const std::string known = lower(name);
      if (known == "content-type")
        response.content_type = *text;
      else if (std::find(kConnectionFields.begin(), kConnectionFields.end(), known) !=
               kConnectionFields.end())
        response.headers.emplace_back("x-amzn-remapped-" + known, *text);
      else
        response.headers.emplace_back(name, *text);
    }
  }
  if (const auto cookies = document.find("cookies");
      cookies != document.end() && !cookies->is_null()) {
    if (!cookies->is_array()) return false;
    for (const json& cookie : *cookies) {
      if (!cookie.is_string() || !is_field_value(json_text(cookie))) return false;
      response.headers.emplace_back("Set-Cookie", json_text(cookie));
    }
  }
  return true;
}

// How deep the arrays and objects of a JSON text are nested.
int nesting_of(std::string_view text) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') ++i;
    if (in_string) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

// JSON as it is written, but for the blanks between its values.
std::string without_blanks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
    if (c == '"') in_string = !in_string;
    out += c;
    if (in_string && c == '\\' && ++i < text.size()) out += text[i];
  }
  return out;
}

// False: says that it is base64, and is not.
bool add_body(json& document, net::Response& response) {
  const auto body = document.find("body");
  if (body == document.end() || body->is_null()) return true;
  if (!body->is_string()) {
    response.body = json_dump(*body);
    return true;
  }
  std::string& text = *body->get_ptr<std::string*>();
  const auto encoded = document.find("isBase64Encoded");
  if (encoded == document.end() || !encoded->is_boolean() || !json_flag(*encoded)) {
    response.body = std::move(text);
    return true;
  }
  auto bytes = base64_decode(text);
  if (!bytes) return false;
  response.body = std::move(*bytes);
  return true;
}

net::Response whole(std::string&& payload) {
  net::Response response;
  if (payload.empty()) return response;
  json document = json_parse(payload);
  if (document.is_discarded()) return url_failure();
  if (auto* text = document.get_ptr<std::string*>()) {
    response.body = std::move(*text);
    return response;
  }
  if (!document.is_object() || !document.contains("statusCode")) {
    response.body = without_blanks(payload);
    return response;
  }
  const auto status = status_of(document["statusCode"]);
  const auto body = document.find("body");
  const bool structured = body != document.end() && body->is_structured();
  if (structured && nesting_of(payload) > kMaxNesting) return url_failure();
  if (!status || !add_fields(document, response) || !add_body(document, response))
    return url_failure();
  response.status = *status;
  return response;
}

}  // namespace

std::optional<net::Response> url_stream_head(std::string_view text) {
  const json metadata = json_parse(text);
  if (!metadata.is_object()) return std::nullopt;
  net::Response response;
  response.content_type = "application/octet-stream";
  if (metadata.contains("statusCode")) {
    const auto status = status_of(metadata["statusCode"]);
    if (!status) return std::nullopt;
    response.status = *status;
  }
  if (!add_fields(metadata, response)) return std::nullopt;
  return response;
}

net::Response url_answer(std::string&& payload) {
  // JSON text has no zero bytes.
  const size_t end_of_metadata = payload.find(kEndOfMetadata);
  net::Response response;
  if (end_of_metadata == std::string::npos) {
    response = whole(std::move(payload));
  } else {
    auto head = url_stream_head(std::string_view(payload).substr(0, end_of_metadata));
    if (!head) return url_failure();
    response = *std::move(head);
    payload.erase(0, end_of_metadata + kEndOfMetadata.size());
    response.body = std::move(payload);
  }
  if (response.status == 204 || response.status == 304) response.body.clear();
  return response;
}

net::Response url_failure() {
  net::Response response;
  response.status = 502;
  response.body = "Internal Server Error";
  return response;
}

}  // namespace kiln::services
