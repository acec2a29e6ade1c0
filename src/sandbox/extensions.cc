#include "sandbox/extensions.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/word_list.h"

namespace kiln::sandbox {
namespace {

constexpr size_t kMostOfErrorType = 256;

net::Response document(unsigned status, const Json& body) {
  net::Response response;
  response.status = status;
  response.body = body.to_text();
  return response;
}

net::Response forbidden(std::string_view type, std::string_view message) {
  return document(403, Json{{"errorMessage", message}, {"errorType", type}});
}

bool is_uuid(std::string_view text) {
  return text.size() == 36 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == '-' || ascii::is_hex(c); });
}

// Of an identifier that can be nobody's.
std::optional<net::Response> malformed_id(std::string_view id) {
  if (id.empty())
    return forbidden("Extension.MissingExtensionIdentifier",
                     "Missing Lambda-Extension-Identifier header");
  if (!is_uuid(id))
    return forbidden("Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier");
  return std::nullopt;
}

net::Response nobody(const std::string& what) {
  return forbidden("Extension.UnknownExtensionIdentifier", "Unknown " + what);
}

net::Response after_failure() {
  return forbidden("Extension.InvalidExtensionState",
                   "the extension has reported an error and gets no more events");
}

// `features`: separated by commas, with blanks around them.
bool accepts(std::string_view features, std::string_view name) {
  return any_between_commas(features,
                            [name](std::string_view one) { return ascii::trim(one, " ") == name; });
}

}  // namespace

std::vector<std::string> extension_environment(const std::vector<std::string>& env) {
  constexpr std::string_view kNotTold[] = {"AWS_EXECUTION_ENV=",
                                           "AWS_LAMBDA_LOG_GROUP_NAME=",
                                           "AWS_LAMBDA_LOG_STREAM_NAME=",
                                           "LAMBDA_RUNTIME_DIR=",
                                           "LAMBDA_TASK_ROOT=",
                                           "AWS_XRAY_",
                                           "KILN_",
                                           "_"};
  std::vector<std::string> out;
  for (const auto& variable : env)
    if (std::none_of(std::begin(kNotTold), std::end(kNotTold),
                     [&](std::string_view prefix) { return variable.starts_with(prefix); }))
      out.push_back(variable);
  return out;
}

net::Response Extensions::register_one(std::string_view name, std::string_view body,
                                       std::string_view features) {
  if (name.empty()) return forbidden("Extension.InvalidExtensionName", "Empty extension name");
  const auto request = Json::parse(body);
  if (!request) return forbidden("InvalidRequestFormat", request.error().message);
  if (!request->is_object())
    return forbidden("InvalidRequestFormat", "the request is not a JSON object");
  if (const Json* keys = request->find("configurationKeys"); keys != nullptr && keys->size() > 0)
    return forbidden("InvalidRequestFormat",
                     "configurationKeys are deprecated; use environment variables instead");
  Extension extension;
  extension.name = name;
  extension.external =
      std::find(programs_.begin(), programs_.end(), extension.name) != programs_.end();
  extension.is_busy = extension.external;
  if (const Json* events = request->find("events")) {
    if (!events->is_array() && !events->is_null())
      return forbidden("InvalidRequestFormat", "events is not a list of strings");
    for (const Json& event : *events) {
      if (event.text() == "SHUTDOWN" && !extension.external)
        return forbidden("Extension.InvalidEventType",
                         "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension");
      if (event.text() != "INVOKE" && event.text() != "SHUTDOWN")
        return forbidden("Extension.InvalidEventType", event.text() + ": ErrorInvalidEventType");
      (event.text() == "INVOKE" ? extension.wants_invoke : extension.wants_shutdown) = true;
    }
  }
  if (closed_)
    return forbidden("Extension.RegistrationClosed", "Extension registration closed already");
  const bool taken = std::any_of(registered_.begin(), registered_.end(),
                                 [&](const auto& one) { return one.second.name == name; });
  if (taken)
    return forbidden("Extension.InvalidExtensionState",
                     "Extension with this name already registered");
  if (registered_.size() >= kMaxExtensions)
    return forbidden("Extension.TooManyExtensions", "Extension limit (10) reached");
  const std::string id = new_uuid();
  registered_.emplace(id, std::move(extension));
  Json told{{"functionName", function_.name},
            {"functionVersion", function_.version},
            {"handler", function_.handler}};
  if (accepts(features, "accountId")) told["accountId"] = function_.account;
  auto response = document(200, told);
  response.headers.emplace_back("Lambda-Extension-Identifier", id);
  if (on_news_) on_news_();
  return response;
}

void Extensions::expect(const std::vector<std::string>& programs, std::function<void()> on_news) {
  for (const auto& program : programs) programs_.push_back(program.substr(program.rfind('/') + 1));
  on_news_ = std::move(on_news);
}

bool Extensions::registered() const {
  return static_cast<size_t>(std::count_if(registered_.begin(), registered_.end(),
                                           [](const auto& one) { return one.second.external; })) ==
         programs_.size();
}

bool Extensions::want_to_end() const {
  return std::any_of(registered_.begin(), registered_.end(), [](const auto& one) {
    return !one.second.external || one.second.wants_shutdown;
  });
}

bool Extensions::settled() const {
  return registered() && std::none_of(registered_.begin(), registered_.end(),
                                      [](const auto& one) { return one.second.is_busy; });
}

std::vector<ExternalExtension> Extensions::external() const {
  std::vector<ExternalExtension> out;
  for (const auto& [id, one] : registered_) {
    if (!one.external) continue;
    out.push_back({one.name, {}});
    if (one.wants_invoke) out.back().events.emplace_back("INVOKE");
    if (one.wants_shutdown) out.back().events.emplace_back("SHUTDOWN");
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

std::optional<net::Response> Extensions::next(std::string_view id, const void* caller,
                                              Answer answer) {
  if (auto no = malformed_id(id)) return no;
  const auto known = registered_.find(id);
  if (known == registered_.end()) return nobody("extension " + std::string(id));
  Extension& extension = known->second;
  if (extension.has_failed) return after_failure();
  if (extension.missed) return *std::exchange(extension.missed, std::nullopt);
  const bool was_busy = std::exchange(extension.is_busy, false);
  const Answer before = std::exchange(extension.waiting, std::move(answer));
  if (std::exchange(extension.caller, caller) != caller && before)
    before(forbidden("Extension.InvalidExtensionState",
                     "the extension asked for its next event again, on another connection"));
  if (was_busy && on_news_) on_news_();
  return std::nullopt;
}

void Extensions::gone(std::string_view id, const void* caller) {
  const auto one = registered_.find(id);
  if (one != registered_.end() && one->second.caller == caller) one->second.waiting = nullptr;
}

net::Response Extensions::error(std::string_view id, std::string_view error_type, bool init) {
  if (auto no = malformed_id(id)) return std::move(*no);
  if (error_type.empty())
    return forbidden("Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found");
  const auto known = registered_.find(id);
  if (known == registered_.end()) return nobody("Lambda-Extension-Identifier");
  if (std::exchange(known->second.has_failed, true)) return after_failure();
  if (!is_over_ && fault_.type.empty()) {
    fault_ = {init ? "Extension.InitError" : "Extension.ExitError",
              std::string(error_type.substr(0, kMostOfErrorType))};
    if (on_news_) on_news_();
  }
  return document(202, Json{{"status", "OK"}});
}

void Extensions::invoked(const Event& event) {
  for (auto& [id, extension] : registered_) {
    if (!extension.wants_invoke) continue;
    Json body{{"eventType", "INVOKE"},
              {"deadlineMs", event.deadline_ms},
              {"requestId", event.request_id},
              {"invokedFunctionArn", event.function_arn}};
    if (!event.trace_id.empty())
      body["tracing"] = Json{{"type", "X-Amzn-Trace-Id"}, {"value", event.trace_id}};
    tell(extension, document(200, body));
  }
}

void Extensions::tell(Extension& extension, net::Response&& event) {
  event.headers.emplace_back("Lambda-Extension-Event-Identifier", new_uuid());
  // An internal one that has never asked is not waited for.
  extension.is_busy = extension.external || extension.waiting;
  // One that is on its way to ask gets the event then.
  if (extension.waiting)
    std::exchange(extension.waiting, nullptr)(std::move(event));
  else
    extension.missed = std::move(event);
}

void Extensions::shut_down(std::string_view reason, int64_t deadline_ms) {
  is_over_ = true;
  for (auto& [id, extension] : registered_)
    if (extension.wants_shutdown)
      tell(extension, document(200, Json{{"eventType", "SHUTDOWN"},
                                         {"shutdownReason", reason},
                                         {"deadlineMs", deadline_ms}}));
}

}  // namespace kiln::sandbox
