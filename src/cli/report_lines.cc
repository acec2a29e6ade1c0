#include "cli/report_lines.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/json_access.h"
#include "cli/function_api.h"
#include "cli/json_call.h"
#include "logs/files.h"
#include "logs/function_stream.h"
#include "wire/fields.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

using logs::kFunctionGroupPrefix;

constexpr int64_t kMostReports = 10'000;

std::vector<fs::path> sorted_folders(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    if (at->is_directory(ec)) paths.push_back(at->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Lines that came through PutLogEvents are nobody's REPORT.
bool read_stream(const FunctionStream& stream, const TakeReport& take) {
  logs::LogStreamReader reader(stream.path + std::string(logs::kLogSuffix));
  while (const std::optional<logs::LogLine> line = reader.next()) {
    if (line->kind != logs::LogLineKind::kWritten) continue;
    std::optional<logs::Report> report = logs::read_report(line->text);
    if (!report) continue;
    if (!take({stream.region, stream.function, line->timestamp_ms,
               static_cast<int64_t>(line->text.size()), *std::move(report)}))
      return false;
  }
  return true;
}

Result<Json> logs_call(ApiClient& client, const std::string& operation, const Json& body) {
  ApiRequest request{.method = "POST", .path = "/", .body = body.to_text(), .service = "logs"};
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Target", "Logs_20140328." + operation}};
  return json_call(client, request);
}

// Calls until there is no nextToken, or `take` has had enough.
Result<void> each_page(ApiClient& client, const std::string& operation, Json body,
                       const std::function<bool(const Json& page)>& take) {
  std::string token;
  while (true) {
    if (!token.empty()) body["nextToken"] = token;
    const Result<Json> page = logs_call(client, operation, body);
    if (!page) return page.error();
    const std::string next = page->text_or("nextToken", "");
    if (!page->is_object() || !take(*page) || next.empty() || next == token) return {};
    token = next;
  }
}

// "2026-01-21T11:30:00.123000+00:00 STREAM REPORT …": the time that a line begins with.
int64_t time_of(std::string_view line) {
  std::string_view first = line.substr(0, line.find_first_of(" \t"));
  if (first.size() < 19) return 0;
  const auto time = wire::parse_time(first);
  return time ? epoch_ms(*time) : 0;
}

void read_lines(std::string_view text, const SeenReport& of, const TakeReport& take) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    std::optional<logs::Report> report = logs::find_report(line);
    if (!report) continue;
    if (!take({of.region, of.function, time_of(line), static_cast<int64_t>(line.size()),
               *std::move(report)}))
      return;
  }
}

// The groups in which wanted functions' lines are, each with the functions that are known to log
// there: those of their names, and those that settings name.
using GroupFunctions = std::map<std::string, std::set<std::string>>;
Result<GroupFunctions> function_groups(ApiClient& client, const std::string& region,
                                       const WantsReports& wants) {
  GroupFunctions groups;
  const Result<void> listed =
      each_page(client, "DescribeLogGroups", {{"logGroupNamePrefix", kFunctionGroupPrefix}},
                [&](const Json& page) {
                  for (const Json& group : page["logGroups"]) {
                    const std::string name = group.text_or("logGroupName", "");
                    if (!name.starts_with(kFunctionGroupPrefix)) continue;
                    const std::string own = name.substr(kFunctionGroupPrefix.size());
                    if (wants(region, own)) groups[name].insert(own);
                  }
                  return true;
                });
  if (!listed) return listed.error();
  const auto functions = list_functions(client);
  // Who may only read logs finds those of most functions.
  if (!functions && functions.error().type == "AccessDeniedException") return groups;
  if (!functions) return functions.error();
  for (const nlohmann::json& function : *functions) {
    const std::string group = string_at(json_member(function, "LoggingConfig"), "LogGroup");
    const std::string name = string_at(function, "FunctionName");
    if (!group.empty() && wants(region, name)) groups[group].insert(name);
  }
  return groups;
}

}  // namespace

void each_stream_of_files(const std::string& data_dir,
                          const std::function<void(const FunctionStream& stream)>& take) {
  for (const fs::path& region : sorted_folders(fs::path(data_dir) / "logs")) {
    for (const fs::path& group : sorted_folders(region)) {
      const std::string name = logs::decode_log_name(region.string(), group.filename().string());
      for (const std::string& file : logs::log_stream_files(group.string())) {
        const auto owner = logs::owner_of_stream(name, logs::decode_log_name(group.string(), file));
        if (!owner.function.empty())
          take({region.filename().string(), owner.function, (group / file).string()});
      }
    }
  }
}

Result<void> reports_of_files(const std::string& data_dir, const WantsReports& wants,
                              const TakeReport& take) {
  std::error_code ec;
  const fs::path folder = fs::path(data_dir) / "logs";
  if (!fs::is_directory(folder, ec)) {
    return Error{ErrorKind::kInvalid, "Usage",
                 data_dir + " is no data folder of Kiln: there is no folder logs in it"};
  }
  std::set<std::pair<std::string, std::string>> enough;
  each_stream_of_files(data_dir, [&](const FunctionStream& stream) {
    const std::pair whose{stream.region, stream.function};
    if (!enough.contains(whose) && wants(stream.region, stream.function) &&
        !read_stream(stream, take))
      enough.insert(whose);
  });
  return {};
}

Result<void> reports_of_endpoint(const ApiOptions& options, const WantsReports& wants,
                                 const TakeReport& take) {
  Result<ApiClient> client = ApiClient::create(options);
  if (!client) return client.error();
  const auto groups = function_groups(*client, options.region, wants);
  if (!groups) return groups.error();
  std::set<std::string> enough;
  for (const auto& entry : *groups) {
    const std::string& group = entry.first;
    const std::set<std::string>& functions = entry.second;
    const auto have_enough = [&enough, &functions] {
      return std::includes(enough.begin(), enough.end(), functions.begin(), functions.end());
    };
    if (have_enough()) continue;
    const Json body{{"logGroupName", group},
                    {"filterPattern", R"(?"REPORT RequestId" ?"platform.report")"}};
    const Result<void> read = each_page(*client, "FilterLogEvents", body, [&](const Json& page) {
      for (const Json& event : page["events"]) {
        const std::string& message = event["message"].text();
        std::optional<logs::Report> report = logs::read_report(message);
        if (!report) continue;
        const std::string function =
            logs::owner_of_stream(group, event.text_or("logStreamName", "")).function;
        if (function.empty() || enough.contains(function) || !wants(options.region, function))
          continue;
        if (!take({options.region, function, event.integer_or<int64_t>("timestamp", 0),
                   static_cast<int64_t>(message.size()), *std::move(report)}))
          enough.insert(function);
      }
      return !have_enough();
    });
    // Of a function that has not run.
    if (!read && read.error().type != "ResourceNotFoundException") return read.error();
  }
  return {};
}

Result<void> reports_of_export(const std::string& text, const std::string& region,
                               const std::string& function, const TakeReport& take) {
  bool any = false;
  const TakeReport noting = [&](SeenReport&& seen) {
    any = true;
    return take(std::move(seen));
  };
  const SeenReport of{.region = region, .function = function};
  const Json document =
      text.starts_with('{') || text.starts_with('[') ? Json::parse_or_null(text) : Json();
  const Json& events = document.is_array() ? document : document["events"];
  for (const Json& event : events) {
    const std::string& message = event["message"].text();
    std::optional<logs::Report> report = logs::read_report(message);
    if (!report) continue;
    if (!noting({of.region, of.function, event.integer_or<int64_t>("timestamp", 0),
                 static_cast<int64_t>(message.size()), *std::move(report)}))
      break;
  }
  if (events.empty()) read_lines(text, of, noting);
  if (any) return {};
  return Error{ErrorKind::kInvalid, "Usage",
               "there is no REPORT line; export them with `aws logs tail`, or `aws logs "
               "filter-log-events --filter-pattern REPORT`"};
}

bool MemoryUses::add(const SeenReport& seen) {
  auto use = std::find_if(uses_.begin(), uses_.end(), [&](const lint::MemoryUse& one) {
    return one.function_name == seen.function && one.region == seen.region;
  });
  if (use == uses_.end()) {
    uses_.push_back({.function_name = seen.function, .region = seen.region});
    use = uses_.end() - 1;
  }
  lint::add_report(seen.report, *use);
  return use->reports < kMostReports;
}

}  // namespace kiln::cli
