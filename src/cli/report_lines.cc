#include "cli/report_lines.h"

#include <algorithm>
#include <filesystem>

#include "cli/json_call.h"
#include "logs/files.h"
#include "wire/fields.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGroupPrefix = "/aws/lambda/";
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
void read_group(const fs::path& group, const SeenReport& of, const TakeReport& take) {
  for (const std::string& stream : logs::log_stream_files(group.string())) {
    logs::LogStreamReader reader((group / stream).string() + std::string(logs::kLogSuffix));
    while (const std::optional<logs::LogLine> line = reader.next()) {
      if (line->kind != logs::LogLineKind::kWritten) continue;
      std::optional<logs::Report> report = logs::read_report(line->text);
      if (!report) continue;
      if (!take({of.region, of.function, line->timestamp_ms,
                 static_cast<int64_t>(line->text.size()), *std::move(report)}))
        return;
    }
  }
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

}  // namespace

Result<void> reports_of_files(const std::string& data_dir, const WantsReports& wants,
                              const TakeReport& take) {
  std::error_code ec;
  const fs::path folder = fs::path(data_dir) / "logs";
  if (!fs::is_directory(folder, ec)) {
    return Error{ErrorKind::kInvalid, "Usage",
                 data_dir + " is no data folder of Kiln: there is no folder logs in it"};
  }
  for (const fs::path& region : sorted_folders(folder)) {
    for (const fs::path& group : sorted_folders(region)) {
      const std::string name = logs::decode_log_name(region.string(), group.filename().string());
      if (!name.starts_with(kGroupPrefix)) continue;
      const SeenReport of{.region = region.filename().string(),
                          .function = name.substr(kGroupPrefix.size())};
      if (wants(of.region, of.function)) read_group(group, of, take);
    }
  }
  return {};
}

Result<void> reports_of_endpoint(const ApiOptions& options, const WantsReports& wants,
                                 const TakeReport& take) {
  Result<ApiClient> client = ApiClient::create(options);
  if (!client) return client.error();
  std::vector<std::string> functions;
  const Result<void> listed = each_page(
      *client, "DescribeLogGroups", {{"logGroupNamePrefix", kGroupPrefix}}, [&](const Json& page) {
        for (const Json& group : page["logGroups"]) {
          const std::string name = group.text_or("logGroupName", "");
          if (!name.starts_with(kGroupPrefix)) continue;
          std::string function = name.substr(kGroupPrefix.size());
          if (wants(options.region, function)) functions.push_back(std::move(function));
        }
        return true;
      });
  if (!listed) return listed.error();
  for (const std::string& function : functions) {
    const Json body{{"logGroupName", std::string(kGroupPrefix) + function},
                    {"filterPattern", R"(?"REPORT RequestId" ?"platform.report")"}};
    bool more = true;
    const Result<void> read = each_page(*client, "FilterLogEvents", body, [&](const Json& page) {
      for (const Json& event : page["events"]) {
        const std::string& message = event["message"].text();
        std::optional<logs::Report> report = logs::read_report(message);
        if (report && more) {
          more = take({options.region, function, event.integer_or<int64_t>("timestamp", 0),
                       static_cast<int64_t>(message.size()), *std::move(report)});
        }
      }
      return more;
    });
    if (!read) return read.error();
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
