#include "services/s3/cors.h"

#include <algorithm>
#include <pugixml.hpp>

#include "base/ascii.h"
#include "base/star_pattern.h"
#include "base/word_list.h"
#include "services/s3/xml.h"

namespace kiln::services {
namespace {

constexpr std::string_view kAskedMethod = "Access-Control-Request-Method";
constexpr std::string_view kAskedHeaders = "Access-Control-Request-Headers";

std::vector<std::string> texts(const pugi::xml_node& rule, const char* name) {
  std::vector<std::string> all;
  for (const pugi::xml_node node : rule.children(name)) all.emplace_back(node.text().get());
  return all;
}

std::string joined(const std::vector<std::string>& all) {
  std::string out;
  for (const std::string& one : all) out += (out.empty() ? "" : ", ") + one;
  return out;
}

// "http://*.shop.example" matches what it says.
bool matches(std::string_view pattern, std::string_view text) {
  return matches_star(pattern, text, Star::kAnything);
}

bool allows_headers(const CorsRule& rule, const std::vector<std::string>& asked) {
  return std::all_of(asked.begin(), asked.end(), [&](const std::string& header) {
    return std::any_of(rule.headers.begin(), rule.headers.end(), [&](const std::string& pattern) {
      return matches(ascii::lower(pattern), header);
    });
  });
}

// The origin as its rule has it; nullptr: the rule doesn't allow all of the question.
const std::string* allowed_origin(const CorsRule& rule, const CorsQuestion& question) {
  const auto origin =
      std::find_if(rule.origins.begin(), rule.origins.end(),
                   [&](const std::string& pattern) { return matches(pattern, question.origin); });
  const bool method =
      std::find(rule.methods.begin(), rule.methods.end(), question.method) != rule.methods.end();
  return origin != rule.origins.end() && method && allows_headers(rule, question.headers) ? &*origin
                                                                                          : nullptr;
}

Error forbidden(const S3Call& call, const char* message, const char* resource) {
  const std::string_view asked = call.header(kAskedMethod);
  Error error{ErrorKind::kForbidden, "AccessForbidden", std::string("CORSResponse: ") + message};
  return s3_with(s3_with(std::move(error), "Method", asked.empty() ? "OPTIONS" : asked),
                 "ResourceType", resource);
}

}  // namespace

std::vector<CorsRule> read_cors(const std::string& document) {
  std::vector<CorsRule> rules;
  pugi::xml_document parsed;
  if (!parsed.load_buffer(document.data(), document.size())) return rules;
  for (const pugi::xml_node rule : parsed.child("CORSConfiguration").children("CORSRule"))
    rules.push_back({texts(rule, "AllowedOrigin"), texts(rule, "AllowedMethod"),
                     texts(rule, "AllowedHeader"), texts(rule, "ExposeHeader"),
                     rule.child("MaxAgeSeconds").text().get()});
  return rules;
}

CorsQuestion cors_question(const net::Request& request) {
  CorsQuestion question;
  question.origin = net::field(request, "Origin");
  question.method = net::field(request, kAskedMethod);
  if (question.method.empty()) question.method = request.method_string();
  any_between_commas(net::field(request, kAskedHeaders), [&](std::string_view one) {
    one = ascii::trim(one, " ");
    if (!one.empty()) question.headers.push_back(ascii::lower(one));
    return false;
  });
  return question;
}

bool add_cors(const std::vector<CorsRule>& rules, const CorsQuestion& question,
              net::Response& response) {
  for (const CorsRule& rule : rules) {
    const std::string* origin = allowed_origin(rule, question);
    if (origin == nullptr) continue;
    const bool any = *origin == "*";
    const auto add = [&](const char* name, std::string value) {
      if (!value.empty()) response.headers.emplace_back(name, std::move(value));
    };
    add("Access-Control-Allow-Origin", any ? *origin : std::string(question.origin));
    add("Access-Control-Allow-Methods", joined(rule.methods));
    add("Access-Control-Allow-Headers", joined(question.headers));
    add("Access-Control-Expose-Headers", joined(rule.exposed));
    add("Access-Control-Max-Age", rule.max_age);
    if (!any) add("Access-Control-Allow-Credentials", "true");
    add("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    return true;
  }
  return false;
}

void let_page_read(const S3Call& call, net::Response& response) {
  const bool asks = call.request.method() != net::http::verb::options &&
                    !call.header("Origin").empty() && !call.address.bucket.empty();
  if (!asks) return;
  const auto document = call.objects.bucket_document(call.address.bucket, "cors");
  if (document) add_cors(read_cors(*document), cors_question(call.request), response);
}

S3Result s3_preflight(S3Call& call) {
  if (call.header("Origin").empty())
    return s3_invalid("BadRequest", "Insufficient information. Origin request header needed.");
  if (!call.objects.find_bucket(call.address.bucket))
    return forbidden(call, "Bucket not found", "BUCKET");
  const auto document = call.objects.bucket_document(call.address.bucket, "cors");
  if (!document) return document.error();
  if (document->empty()) return forbidden(call, "CORS is not enabled for this bucket.", "BUCKET");
  if (call.header(kAskedMethod).empty())
    return s3_invalid("BadRequest", "Invalid Access-Control-Request-Method: null");
  net::Response response = empty_answer(200);
  // AWS's text, as it is written there.
  if (!add_cors(read_cors(*document), cors_question(call.request), response))
    return forbidden(call,
                     "This CORS request is not allowed. This is usually because the evalution of "
                     "Origin, request method / Access-Control-Request-Method or "
                     "Access-Control-Request-Headers are not whitelisted by the resource's CORS "
                     "spec.",
                     call.address.key.empty() ? "BUCKET" : "OBJECT");
  if (call.header("Access-Control-Request-Private-Network") == "true")
    response.headers.emplace_back("Access-Control-Allow-Private-Network", "true");
  return response;
}

}  // namespace kiln::services
