#include "logs/report_line.h"

#include <charconv>

#include "base/json.h"

namespace kiln::logs {
namespace {

constexpr std::string_view kBegin = "REPORT RequestId: ";
constexpr std::string_view kType = "platform.report";
constexpr size_t kLongestEvent = 65'536;
constexpr double kMost = 1e9;  // ms or MB: more is nonsense that a function printed

// The number behind `label`, which ends in its unit.
std::optional<double> number_behind(std::string_view line, std::string_view label,
                                    std::string_view unit) {
  const size_t at = line.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(at + label.size());
  double number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc() || !(number >= 0 && number <= kMost)) return std::nullopt;
  if (!std::string_view(end, rest.data() + rest.size()).starts_with(unit)) return std::nullopt;
  return number;
}

std::string text_behind(std::string_view line, std::string_view label) {
  const size_t at = line.find(label);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = line.substr(at + label.size());
  return std::string(rest.substr(0, rest.find_first_of("\t\r\n")));
}

int64_t whole(double number) { return static_cast<int64_t>(number); }

std::optional<Report> read_text(std::string_view line) {
  const auto duration = number_behind(line, "\tDuration: ", " ms");
  const auto billed = number_behind(line, "\tBilled Duration: ", " ms");
  const auto memory = number_behind(line, "\tMemory Size: ", " MB");
  const auto used = number_behind(line, "\tMax Memory Used: ", " MB");
  if (!duration || !billed || !memory || !used) return std::nullopt;
  return Report{.request_id = text_behind(line, kBegin),
                .duration_ms = *duration,
                .billed_ms = whole(*billed),
                .memory_mb = whole(*memory),
                .max_memory_mb = whole(*used),
                .init_ms = number_behind(line, "\tInit Duration: ", " ms"),
                .restore_ms = number_behind(line, "\tRestore Duration: ", " ms"),
                .status = text_behind(line, "\tStatus: "),
                .error_type = text_behind(line, "\tError Type: ")};
}

std::optional<double> metric(const Json& metrics, std::string_view name) {
  const std::optional<double> number = metrics.at(name).number();
  if (!number || !(*number >= 0 && *number <= kMost)) return std::nullopt;
  return number;
}

std::optional<Report> read_event(std::string_view line) {
  if (line.size() > kLongestEvent) return std::nullopt;
  const Json event = Json::parse_or_null(line);
  if (event["type"].text() != kType) return std::nullopt;
  const Json& record = event["record"];
  const Json& metrics = record["metrics"];
  const auto duration = metric(metrics, "durationMs");
  const auto billed = metric(metrics, "billedDurationMs");
  const auto memory = metric(metrics, "memorySizeMB");
  const auto used = metric(metrics, "maxMemoryUsedMB");
  if (!duration || !billed || !memory || !used) return std::nullopt;
  return Report{.request_id = record.text_or("requestId", ""),
                .duration_ms = *duration,
                .billed_ms = whole(*billed),
                .memory_mb = whole(*memory),
                .max_memory_mb = whole(*used),
                .init_ms = metric(metrics, "initDurationMs"),
                .restore_ms = metric(metrics, "restoreDurationMs"),
                .status = record.text_or("status", ""),
                .error_type = record.text_or("errorType", "")};
}

}  // namespace

std::optional<Report> read_report(std::string_view line) {
  if (line.starts_with(kBegin)) return read_text(line);
  if (line.starts_with('{') && line.find(kType) != std::string_view::npos) return read_event(line);
  return std::nullopt;
}

std::optional<Report> find_report(std::string_view line) {
  for (const std::string_view begin : {kBegin, std::string_view("{")}) {
    if (const size_t at = line.find(begin); at != std::string_view::npos) {
      if (std::optional<Report> report = read_report(line.substr(at))) return report;
    }
  }
  return std::nullopt;
}

}  // namespace kiln::logs
