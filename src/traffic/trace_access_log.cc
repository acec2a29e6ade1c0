// Access logs: the common and the combined log format of web servers, whose times are whole
// seconds, and those of an AWS Application Load Balancer.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/time_format.h"
#include "traffic/trace_lines.h"

namespace kiln::traffic {
namespace {

constexpr Nanos kLongest = 400LL * 86'400 * kSecond;

struct Entry {
  double start_s = 0;
  std::optional<double> duration_ms;
};

std::string_view next_word(std::string_view& rest) {
  const size_t blank = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, blank);
  rest.remove_prefix(std::min(blank + 1, rest.size()));
  return word;
}

// 127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326 … [0.123]
std::optional<Entry> common_entry(std::string_view line) {
  const size_t open = line.find('['), close = line.find(']', open);
  if (open == line.npos || close == line.npos || close - open != 27) return {};
  const std::string_view text = line.substr(open + 1, close - open - 1);
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(3, 3));
  if (month == kMonths.end()) return {};
  const auto seconds =
      parse_iso_time(fmt::format("{}-{:02}-{}T{}{}", text.substr(7, 4), month - kMonths.begin() + 1,
                                 text.substr(0, 2), text.substr(12, 8), text.substr(21)));
  if (!seconds) return {};
  Entry entry{*seconds, {}};
  // nginx's $request_time as the last word, where it was added.
  const size_t blank = line.find_last_of(' ');
  const std::string_view last = line.substr(blank + 1);
  if (last.find('.') != last.npos)
    if (const auto duration = parse_number(last); duration && *duration >= 0)
      entry.duration_ms = *duration * 1000;
  return entry;
}

// http 2018-07-02T22:23:00.186641Z app/my-lb/50dc 192.0.2.1:2817 10.0.0.1:80 0.000 0.001 0.000 200
// …
std::optional<Entry> balancer_entry(std::string_view line) {
  constexpr std::array<std::string_view, 6> kTypes = {"http", "https", "h2", "grpcs", "ws", "wss"};
  if (std::find(kTypes.begin(), kTypes.end(), next_word(line)) == kTypes.end()) return {};
  const auto answered_s = parse_iso_time(next_word(line));
  if (!answered_s) return {};
  for (int i = 0; i < 3; ++i) next_word(line);
  double total_s = 0;
  std::optional<double> target_ms;
  for (int i = 0; i < 3; ++i) {
    const auto part = parse_number(next_word(line));
    if (!part) return {};
    if (*part < 0) continue;  // -1: it did not come to that
    total_s += *part;
    if (i == 1) target_ms = *part * 1000;
  }
  return Entry{*answered_s - total_s, target_ms};
}

std::optional<Entry> entry_of(std::string_view line) {
  if (const auto entry = balancer_entry(line)) return entry;
  return common_entry(line);
}

}  // namespace

bool is_access_log(std::string_view line) { return entry_of(line).has_value(); }

Result<Trace> read_access_log(LineReader& lines, std::string_view first,
                              const TraceLimits& limits) {
  const bool whole_seconds = !balancer_entry(first).has_value();
  TimesByFunction times(limits);
  // Lines are written when a request ends, so that they are not quite in order.
  for (std::optional<std::string_view> line = first; line; line = lines.next()) {
    if (line->empty()) continue;
    const auto entry = entry_of(*line);
    if (!entry)
      return lines.error(fmt::format("'{}' is no line of an access log", line->substr(0, 60)));
    if (entry->start_s < 0) return lines.error("its time is before 1970");
    std::string problem = times.add(
        {}, static_cast<Nanos>(std::llround(entry->start_s * 1e6)) * 1000, entry->duration_ms);
    if (!problem.empty()) return lines.error(std::move(problem));
  }
  if (lines.failed()) return *lines.failed();
  if (times.last() - times.first() > kLongest)
    return lines.error(
        "the log reaches over more than 400 days; one of its dates is wrong, or it is "
        "to be cut");
  Trace trace;
  const Nanos origin = times.first() - times.first() % kMinute;
  trace.start = WallTime(std::chrono::duration_cast<WallTime::duration>(Duration(origin)));
  trace.length = times.last() - origin + 1;
  trace.functions = times.finish(origin);
  if (!whole_seconds) return trace;
  // Within a second nobody knows when: anywhere, also in the last one.
  trace.length = ((times.last() - origin) / kSecond + 1) * kSecond;
  for (TracedFunction& function : trace.functions) {
    Counts counts;
    counts.step = kSecond;
    const auto& at = std::get<Times>(function.traffic.shape()).at;
    counts.requests.resize(static_cast<size_t>(at.back() / kSecond + 1));
    for (const Nanos each : at) ++counts.requests[static_cast<size_t>(each / kSecond)];
    function.traffic = Traffic(std::move(counts));
  }
  return trace;
}

}  // namespace kiln::traffic
