#include "cli/report_lines.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

using lint::MemoryUse;
using nlohmann::json;

constexpr std::string_view kGroupPrefix = "/aws/lambda/";
constexpr size_t kStampBytes = 24;  // 2026-01-21T11:30:00.000Z
constexpr int64_t kMostReports = 10'000;

// A group's name from that of its folder, in which all but plain characters are %XX.
std::string decode(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    unsigned byte = 0;
    if (name[i] == '%' && i + 2 < name.size()) {
      const char* from = name.data() + i + 1;
      if (std::from_chars(from, from + 2, byte, 16).ptr == from + 2) {
        out += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    out += name[i];
  }
  return out;
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec))
    paths.push_back(at->path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Lines that the function's environment wrote have a blank behind their time stamp; those that came
// through PutLogEvents don't, and are nobody's REPORT.
void read_stream(const fs::path& file, MemoryUse& use) {
  std::ifstream in(file, std::ios::binary);
  std::array<char, 65'536> buffer{};
  while (in) {
    in.getline(buffer.data(), buffer.size());
    const std::string_view line(buffer.data());
    if (in.fail() && !in.eof() && in.gcount() > 0) {  // longer than any REPORT line: skip the rest
      in.clear();
      in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
      continue;
    }
    if (line.size() > kStampBytes && line[kStampBytes] == ' ')
      lint::add_report_line(line.substr(kStampBytes + 1), use);
  }
}

Result<json> logs_call(ApiClient& client, const std::string& operation, const json& body) {
  ApiRequest request{.method = "POST", .path = "/", .body = body.dump(), .service = "logs"};
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Target", "Logs_20140328." + operation}};
  return client.json(request);
}

// Calls until there is no nextToken, or `take` has had enough.
Result<void> each_page(ApiClient& client, const std::string& operation, json body,
                       const std::function<bool(const json& page)>& take) {
  std::string token;
  while (true) {
    if (!token.empty()) body["nextToken"] = token;
    const Result<json> page = logs_call(client, operation, body);
    if (!page) return page.error();
    const std::string next = string_at(*page, "nextToken");
    if (!page->is_object() || !take(*page) || next.empty() || next == token) return {};
    token = next;
  }
}

}  // namespace

Result<std::vector<MemoryUse>> reports_of_files(const std::string& data_dir,
                                                const WantsReports& wants) {
  std::error_code ec;
  const fs::path logs = fs::path(data_dir) / "logs";
  if (!fs::is_directory(logs, ec)) {
    return Error{ErrorKind::kInvalid, "Usage",
                 data_dir + " is no data folder of Kiln: there is no folder logs in it"};
  }
  std::vector<MemoryUse> uses;
  for (const fs::path& region : sorted_entries(logs)) {
    for (const fs::path& group : sorted_entries(region)) {
      const std::string name = decode(group.filename().string());
      if (!name.starts_with(kGroupPrefix)) continue;
      MemoryUse use{.function_name = name.substr(kGroupPrefix.size()),
                    .region = region.filename().string()};
      if (!wants(use.region, use.function_name)) continue;
      for (const fs::path& stream : sorted_entries(group)) {
        const std::string file = stream.filename().string();
        if (!file.ends_with(".log") && !file.ends_with(".log.1")) continue;
        if (fs::is_regular_file(stream, ec)) read_stream(stream, use);
      }
      if (use.reports > 0) uses.push_back(std::move(use));
    }
  }
  return uses;
}

Result<std::vector<MemoryUse>> reports_of_endpoint(const ApiOptions& options,
                                                   const WantsReports& wants) {
  Result<ApiClient> client = ApiClient::create(options);
  if (!client) return client.error();
  std::vector<MemoryUse> uses;
  const Result<void> listed = each_page(
      *client, "DescribeLogGroups", {{"logGroupNamePrefix", kGroupPrefix}}, [&](const json& page) {
        for (const json& group : page.value("logGroups", json::array())) {
          const std::string name = string_at(group, "logGroupName");
          if (!name.starts_with(kGroupPrefix)) continue;
          std::string function = name.substr(kGroupPrefix.size());
          if (wants(options.region, function))
            uses.push_back({.function_name = std::move(function), .region = options.region});
        }
        return true;
      });
  if (!listed) return listed.error();
  for (MemoryUse& use : uses) {
    const json body = {{"logGroupName", std::string(kGroupPrefix) + use.function_name},
                       {"filterPattern", R"(?"REPORT RequestId" ?"platform.report")"}};
    const Result<void> read = each_page(*client, "FilterLogEvents", body, [&](const json& page) {
      for (const json& event : page.value("events", json::array()))
        lint::add_report_line(string_at(event, "message"), use);
      return use.reports < kMostReports;
    });
    if (!read) return read.error();
  }
  std::erase_if(uses, [](const MemoryUse& use) { return use.reports == 0; });
  return uses;
}

}  // namespace kiln::cli
