#include "services/absent/absent.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/arn.h"
#include "base/json_access.h"
#include "services/absent/tables.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"
#include "wire/query_protocol.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

using absent::Path;
using absent::Question;
using nlohmann::json;

constexpr size_t kMaxName = 256;  // bytes of a name that a message repeats

std::string filled(std::string_view message, const std::string& name, const std::string& account) {
  std::string out;
  for (size_t at = 0; at < message.size();) {
    if (message.substr(at).starts_with("{account}")) {
      out += account;
      at += std::string_view("{account}").size();
    } else if (message.substr(at).starts_with("{}")) {
      for (const char c : name.substr(0, kMaxName))
        out += static_cast<unsigned char>(c) < 0x80 ? c : '?';  // it may be cut anywhere
      at += 2;
    } else {
      out += message[at++];
    }
  }
  return out;
}

std::string with_arn(std::string_view text, const std::string& arn) {
  constexpr std::string_view kArn = "{arn}";
  std::string out(text);
  if (const size_t at = out.find(kArn); at != std::string::npos) out.replace(at, kArn.size(), arn);
  return out;
}

// What the request asks for; "": nothing in particular.
std::string asked_for(const json& input, std::string_view member) {
  if (member.empty() || !input.is_object()) return "";
  const auto found = input.find(member);
  if (found == input.end()) return "";
  const json& name = found->is_array() && !found->empty() ? (*found)[0] : *found;
  return name.is_string() ? json_text(name) : "";
}

// Whether the name is that of what every account has, or its ARN, which AWS takes as a name, too.
// `empty` is the answer about it.
bool is_always_there(const Question& question, const std::string& name, const std::string& empty) {
  if (question.always.empty()) return false;
  return name == question.always || name == json_text(json_parse(empty), "Arn");
}

net::Response success(Shape shape, const std::string& body, const std::string& request_id) {
  net::Response response;
  response.body = body;
  if (shape == Shape::kJson10) response.content_type = "application/x-amz-json-1.0";
  if (shape == Shape::kJson11) response.content_type = "application/x-amz-json-1.1";
  response.headers.emplace_back("x-amzn-RequestId", request_id);
  return response;
}

// SQS's error has two names: that of its JSON protocol, and the one of its forms in a header; and
// two texts, as recorded.
net::Response failure(Shape shape, std::string type, std::string message,
                      const std::string& request_id) {
  constexpr std::string_view kNoQueue = "AWS.SimpleQueueService.NonExistentQueue";
  if (type == kNoQueue && shape == Shape::kQuery)
    message = "The specified queue does not exist for this wsdl version.";
  const bool no_queue = type == kNoQueue && shape != Shape::kQuery;
  if (no_queue) type = "com.amazonaws.sqs#QueueDoesNotExist";
  const ErrorKind kind = shape == Shape::kRestJson ? ErrorKind::kNotFound : ErrorKind::kInvalid;
  net::Response response = error_in_shape(shape, {kind, type, message}, request_id);
  if (no_queue)
    response.headers.emplace_back("x-amzn-query-error", std::string(kNoQueue) + ";Sender");
  return response;
}

std::optional<net::Response> operation_answer(const Classification& what,
                                              const net::Request& request,
                                              const std::string& account,
                                              const std::string& request_id) {
  const auto all = absent::questions();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Question& each) {
    return each.service == what.service && each.operation == what.operation;
  });
  if (found == all.end()) return std::nullopt;
  const json input = what.query ? what.query->document() : json_parse(request.body());
  const std::string name = asked_for(input, found->member);
  const std::string arn =
      arn_start(what.service, wire::CredentialScope::of(request.base()).region) + account;
  const std::string empty = with_arn(found->empty, arn);
  if (!empty.empty() && (name.empty() || is_always_there(*found, name, empty))) {
    if (!what.query) return success(what.shape, empty, request_id);
    return wire::XmlAnswer(what.operation, "http://queue.amazonaws.com/doc/2012-11-05/")
        .finish(request_id);
  }
  return failure(what.shape, std::string(found->error_type), filled(found->message, name, account),
                 request_id);
}

// Whether the path is of this form; `name` becomes what its last "*" stands for.
bool matches(const std::vector<std::string>& segments, std::string_view form, std::string& name) {
  size_t at = 0;
  while (!form.empty()) {
    form.remove_prefix(1);  // the slash
    const size_t end = std::min(form.find('/'), form.size());
    if (at == segments.size()) return false;
    if (form.substr(0, end) == "*")
      name = segments[at];
    else if (form.substr(0, end) != segments[at])
      return false;
    ++at;
    form.remove_prefix(end);
  }
  return at == segments.size();
}

std::optional<net::Response> path_answer(const Classification& what, const net::Request& request,
                                         const std::string& account,
                                         const std::string& request_id) {
  if (request.method() != net::http::verb::get) return std::nullopt;
  const wire::Uri uri = wire::Uri::parse(net::target(request));
  for (const Path& each : absent::paths()) {
    std::string name;
    if (each.service != what.service || !matches(uri.segments, each.path, name)) continue;
    if (!each.empty.empty()) return success(Shape::kRestJson, std::string(each.empty), request_id);
    return failure(Shape::kRestJson, std::string(each.error_type),
                   filled(each.message, name, account), request_id);
  }
  return std::nullopt;
}

}  // namespace

std::optional<net::Response> absent_answer(const Classification& what, const net::Request& request,
                                           const std::string& account,
                                           const std::string& request_id) {
  if (what.shape == Shape::kJson10 || what.shape == Shape::kJson11 || what.shape == Shape::kQuery)
    return operation_answer(what, request, account, request_id);
  if (what.shape == Shape::kRestJson) return path_answer(what, request, account, request_id);
  return std::nullopt;
}

std::vector<std::string> absent_operations() {
  std::vector<std::string> out;
  for (const Question& each : absent::questions())
    out.push_back(std::string(each.service) + " " + std::string(each.operation));
  for (const Path& each : absent::paths())
    out.push_back(std::string(each.service) + " GET " + std::string(each.path));
  return out;
}

}  // namespace kiln::services
