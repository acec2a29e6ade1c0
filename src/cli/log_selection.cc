#include "cli/log_selection.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "cli/api_client.h"

namespace kiln::cli {
namespace {

constexpr std::string_view kStart = "START RequestId: ";
constexpr std::string_view kReport = "REPORT RequestId: ";

std::string word_after(const std::string& message, std::string_view prefix) {
  const size_t end = message.find_first_of(" \t\n", prefix.size());
  return message.substr(prefix.size(), end == std::string::npos ? end : end - prefix.size());
}

// What runtimes and AWS write when an invocation fails.
bool says_error(const std::string& message) {
  for (const char* text :
       {"[ERROR]", "\tERROR\t", "Status: error", "Status: timeout", "Task timed out",
        "\"errorType\"", "\"level\":\"ERROR\"", "\"level\": \"ERROR\"", "Error Type: "})
    if (message.find(text) != std::string::npos) return true;
  return false;
}

LineFacts json_facts(const std::string& message) {
  LineFacts facts;
  const nlohmann::json line = json_parse(message);
  const std::string type = string_at(line, "type");
  if (!type.starts_with("platform.")) return facts;
  const nlohmann::json record = json_member(line, "record");
  facts.request_id = string_at(record, "requestId");
  if (type == "platform.start") facts.kind = LineKind::kStart;
  if (type == "platform.report") {
    facts.kind = LineKind::kReport;
    facts.failed = string_at(record, "status") != "success";
  }
  return facts;
}

}  // namespace

LineFacts line_facts(const std::string& message) {
  LineFacts facts;
  if (message.starts_with(kStart)) {
    facts.kind = LineKind::kStart;
    facts.request_id = word_after(message, kStart);
  } else if (message.starts_with(kReport)) {
    facts.kind = LineKind::kReport;
    facts.request_id = word_after(message, kReport);
  } else if (message.starts_with('{') && message.find("\"platform.") != std::string::npos) {
    facts = json_facts(message);
  }
  facts.failed = facts.failed || says_error(message);
  return facts;
}

std::vector<LogLine> LogSelection::pick(std::vector<LogLine>&& lines) {
  if (request_id_.empty() && which_ == Invocations::kAll) return std::move(lines);
  std::vector<LogLine> picked;
  for (LogLine& line : lines) {
    const LineFacts facts = line_facts(line.message);
    Stream& stream = streams_[line.stream];
    if (facts.kind == LineKind::kStart) stream = Stream{facts.request_id, {}, false};
    const std::string id = stream.request_id.empty() ? facts.request_id : stream.request_id;
    const bool wanted = request_id_.empty() ? !id.empty() || facts.failed : id == request_id_;
    stream.failed = stream.failed || facts.failed;
    const bool ends = facts.kind == LineKind::kReport;
    if (wanted) {
      if (which_ == Invocations::kAll || stream.failed) {
        std::move(stream.held.begin(), stream.held.end(), std::back_inserter(picked));
        stream.held.clear();
        picked.push_back(std::move(line));
      } else {
        stream.held.push_back(std::move(line));
      }
      complete_ = complete_ || (ends && !request_id_.empty());
    }
    if (ends) stream = Stream{};
  }
  return picked;
}

}  // namespace kiln::cli
