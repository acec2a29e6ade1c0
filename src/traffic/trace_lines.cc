#include "traffic/trace_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/ascii.h"

namespace kiln::traffic {
namespace {

constexpr size_t kPiece = 1 << 20;

std::string_view trimmed(std::string_view text) { return ascii::trim(text, " \t\""); }

}  // namespace

LineReader::LineReader(std::istream& in, std::string name, size_t most_bytes)
    : in_(in), name_(std::move(name)), most_bytes_(most_bytes) {}

Error LineReader::error(std::string what) const {
  return {ErrorKind::kInvalid, "Trace", fmt::format("{}, line {}: {}", name_, number_, what)};
}

std::optional<std::string_view> LineReader::next() {
  if (failed_) return {};
  size_t searched = start_;
  for (;;) {
    const size_t end = buffer_.find('\n', searched);
    if (end != buffer_.npos || (ended_ && start_ < buffer_.size())) {
      std::string_view line(buffer_);
      line = line.substr(start_, end == buffer_.npos ? end : end - start_);
      start_ = end == buffer_.npos ? buffer_.size() : end + 1;
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++number_;
      if (number_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
      return line;
    }
    if (ended_) return {};
    if (buffer_.size() - start_ > most_bytes_) {
      ++number_;
      failed_ = error(fmt::format("is longer than {} bytes; this is no trace", most_bytes_));
      return {};
    }
    buffer_.erase(0, start_);
    searched = buffer_.size();
    start_ = 0;
    buffer_.resize(searched + kPiece);
    in_.read(buffer_.data() + searched, kPiece);
    buffer_.resize(searched + static_cast<size_t>(in_.gcount()));
    if (in_.bad()) {
      failed_ = Error{ErrorKind::kInternal, "Trace", name_ + " can't be read to its end"};
      return {};
    }
    ended_ = !in_;
  }
}

void split_fields(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  for (size_t comma = line.find(','); comma != line.npos; comma = line.find(',')) {
    fields.push_back(trimmed(line.substr(0, comma)));
    line.remove_prefix(comma + 1);
  }
  fields.push_back(trimmed(line));
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

std::optional<uint64_t> parse_count(std::string_view text) {
  uint64_t count = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (ec == std::errc() && end == text.data() + text.size()) return count;
  const auto value = parse_number(text);
  if (!value || *value < 0 || *value > 1e15 || *value != std::floor(*value)) return {};
  return static_cast<uint64_t>(*value);
}

std::string TimesByFunction::add(std::string_view function, Nanos at,
                                 std::optional<double> duration_ms) {
  if (++total_ > limits_.requests)
    return fmt::format(
        "there are more than {} requests; give their counts per minute instead (minute,count)",
        limits_.requests);
  auto found = functions_.find(function);
  if (found == functions_.end()) {
    if (functions_.size() == limits_.functions)
      return fmt::format("there are more than {} functions", limits_.functions);
    found = functions_.try_emplace(std::string(function)).first;
  }
  found->second.at.push_back(at);
  if (duration_ms) found->second.durations_ms.push_back(static_cast<float>(*duration_ms));
  first_ = std::min(first_, at);
  last_ = std::max(last_, at);
  return {};
}

std::vector<TracedFunction> TimesByFunction::finish(Nanos origin) {
  std::vector<TracedFunction> out;
  for (auto& [name, entry] : functions_) {
    TracedFunction function;
    function.name = name;
    function.requests = entry.at.size();
    for (Nanos& at : entry.at) at -= origin;
    if (!std::is_sorted(entry.at.begin(), entry.at.end()))
      std::sort(entry.at.begin(), entry.at.end());
    function.traffic = Traffic(Times{std::move(entry.at)});
    if (!entry.durations_ms.empty())
      function.duration = TimeModel::samples(std::move(entry.durations_ms));
    out.push_back(std::move(function));
  }
  sort_by_requests(out);
  return out;
}

void sort_by_requests(std::vector<TracedFunction>& functions) {
  std::stable_sort(functions.begin(), functions.end(),
                   [](const auto& a, const auto& b) { return a.requests > b.requests; });
}

}  // namespace kiln::traffic
