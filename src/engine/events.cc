#include "engine/events.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/characters.h"
#include "base/json_access.h"

namespace kiln::engine {
namespace {

constexpr size_t kMostText = 300;        // of a message, on a line
constexpr size_t kMostNote = 4096;       // of what Kiln itself says: addresses stand in it
constexpr size_t kMostRead = 64 * 1024;  // of an error document

std::string milliseconds_text(double ms) {
  char text[32];
  std::snprintf(text, sizeof text, ms < 1000 ? "%.1f ms" : "%.0f ms", ms);
  return text;
}

// The first line, shortened, without control characters.
std::string first_line(std::string_view text, size_t most = kMostText) {
  text = text.substr(0, text.find('\n'));
  size_t length = std::min(text.size(), most);
  while (length < text.size() && length > 0 && !begins_character(text[length])) --length;
  std::string line(text.substr(0, length));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20U || c == 0x7f) c = ' ';
  if (text.size() > most) line += "…";
  return line;
}

struct ErrorText {
  std::string type, message;
  std::string joined() const {
    if (type.empty()) return message;
    return message.empty() ? type : type + ": " + message;
  }
};

// What errors say in all shapes that are JSON; others say nothing.
ErrorText error_text(std::string_view document) {
  if (document.size() > kMostRead) return {};
  const auto parsed = json_parse(document);
  ErrorText out;
  if (!parsed.is_object()) return out;
  const auto read = [&parsed](const char* name, std::string& into) {
    const auto found = parsed.find(name);
    if (into.empty() && found != parsed.end() && found->is_string())
      into = first_line(json_text(*found));
  };
  for (const char* name : {"errorType", "__type", "Type"}) read(name, out.type);
  for (const char* name : {"errorMessage", "message", "Message"}) read(name, out.message);
  if (out.type == "User") out.type.clear();  // says who is to blame, not what is wrong
  return out;
}

// GET and HEAD, and the operations of services that put all of theirs into POST.
bool only_reads(const AnsweredRequest& answered) {
  constexpr std::array<std::string_view, 8> kReading = {"Get",      "List", "Describe", "Filter",
                                                        "BatchGet", "Test", "Validate", "Simulate"};
  const std::string_view request = answered.request;
  const std::string_view operation = answered.operation;
  return request.starts_with("GET ") || request.starts_with("HEAD ") ||
         std::any_of(kReading.begin(), kReading.end(),
                     [operation](std::string_view verb) { return operation.starts_with(verb); });
}

// Some services say 404, others 400 with a type or a sentence.
bool finds_nothing(const AnsweredRequest& answered) {
  const std::string_view error = answered.error_body.substr(0, kMostText);
  return answered.status == 404 || error.find("NotFound") != std::string_view::npos ||
         error.find("NoSuch") != std::string_view::npos ||
         error.find("does not exist") != std::string_view::npos;
}

}  // namespace

EngineEvent invocation_event(const EndedInvocation& ended, WallTime now) {
  EngineEvent event;
  event.kind = "invocation";
  event.time = now;
  event.subject = ended.function_name;
  event.label = "ok";
  event.text = milliseconds_text(ended.duration_ms);
  event.fields = {{"region", ended.region},
                  {"function", ended.function_name},
                  {"version", ended.version},
                  {"requestId", ended.request_id},
                  {"durationMs", ended.duration_ms}};
  if (ended.init_ms >= 0) {
    event.text += ", cold start with " + milliseconds_text(ended.init_ms) + " init";
    event.fields.emplace_back("initMs", ended.init_ms);
  }
  if (ended.function_error) {
    event.severity = Severity::kWarning;
    event.label = "error";
    const ErrorText error = error_text(ended.payload);
    if (const std::string text = error.joined(); !text.empty()) event.text += "  " + text;
    if (!error.type.empty()) event.fields.emplace_back("errorType", error.type);
    event.fields.emplace_back("errorMessage", error.message);
  }
  return event;
}

EngineEvent throttle_event(const std::string& region, const std::string& function_name,
                           std::string_view reason, WallTime now) {
  EngineEvent event;
  event.severity = Severity::kWarning;
  event.kind = "throttle";
  event.label = "throttle";
  event.time = now;
  event.subject = function_name;
  event.text = reason;
  event.fields = {{"region", region}, {"function", function_name}, {"reason", std::string(reason)}};
  return event;
}

EngineEvent alarm_event(const std::string& region, const std::string& name,
                        const std::string& before, const std::string& state,
                        const std::string& reason, WallTime now) {
  EngineEvent event;
  event.severity = state == "ALARM" ? Severity::kWarning : Severity::kInfo;
  event.kind = "alarm";
  event.label = "alarm";
  event.time = now;
  event.subject = name;
  event.text = before + " → " + state + "  " + first_line(reason);
  event.fields = {{"region", region},
                  {"alarm", name},
                  {"before", before},
                  {"state", state},
                  {"reason", reason}};
  return event;
}

EngineEvent scaling_event(const std::string& region, const std::string& resource,
                          const std::string& description, bool failed, WallTime now) {
  EngineEvent event;
  event.severity = failed ? Severity::kWarning : Severity::kInfo;
  event.kind = "scaling";
  event.label = "scaling";
  event.time = now;
  event.subject = resource;
  event.text = first_line(description);
  event.fields = {{"region", region}, {"resource", resource}, {"description", description}};
  return event;
}

Severity severity_of(const AnsweredRequest& answered) {
  if (answered.status >= 500) return Severity::kError;
  const bool reads = only_reads(answered);
  if (answered.status >= 400)
    return reads && finds_nothing(answered) ? Severity::kDebug : Severity::kWarning;
  return reads ? Severity::kDebug : Severity::kInfo;
}

EngineEvent api_event(const AnsweredRequest& answered, WallTime now) {
  EngineEvent event;
  event.kind = "api";
  event.label = "api";
  event.time = now;
  event.severity = severity_of(answered);
  event.subject = answered.operation.empty() ? answered.service : answered.operation;
  event.text = first_line(answered.request) + "  " + std::to_string(answered.status) + "  " +
               milliseconds_text(answered.duration_ms);
  event.fields = {{"service", answered.service},
                  {"operation", answered.operation},
                  {"request", answered.request},
                  {"status", int64_t{answered.status}},
                  {"durationMs", answered.duration_ms}};
  if (answered.status >= 400) {
    if (const std::string text = error_text(answered.error_body).joined(); !text.empty()) {
      event.text += "  " + text;
      event.fields.emplace_back("error", text);
    }
  }
  return event;
}

EngineEvent note_event(Severity severity, std::string text, WallTime now) {
  EngineEvent event;
  event.severity = severity;
  event.kind = "note";
  event.label = severity >= Severity::kWarning ? "warning" : "note";
  event.time = now;
  event.fields = {{"message", text}};
  event.text = first_line(text, kMostNote);
  return event;
}

}  // namespace kiln::engine
