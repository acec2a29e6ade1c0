// What all forms of traces share: lines with their numbers, fields, numbers and times.
#pragma once

#include <istream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "traffic/trace.h"

namespace kiln::traffic {

// Lines of a stream, read in large pieces. A view is valid until the next call.
class LineReader {
 public:
  LineReader(std::istream& in, std::string name, size_t most_bytes);

  // Without its end. nullopt: no more, or failed().
  std::optional<std::string_view> next();
  // A line was longer than the limit, or the stream broke.
  const std::optional<Error>& failed() const { return failed_; }
  uint64_t number() const { return number_; }  // of the line that next() gave, from 1
  // "FILE, line N: WHAT"
  Error error(std::string what) const;

 private:
  std::istream& in_;
  std::string name_;
  size_t most_bytes_;
  std::string buffer_;
  size_t start_ = 0;
  uint64_t number_ = 0;
  bool ended_ = false;
  std::optional<Error> failed_;
};

// The fields between commas, without blanks around them; quotes are no part of these forms.
void split_fields(std::string_view line, std::vector<std::string_view>& fields);
std::optional<double> parse_number(std::string_view text);   // finite
std::optional<uint64_t> parse_count(std::string_view text);  // also "12.0"

// Gathers requests of functions by name, in time order or not.
class TimesByFunction {
 public:
  explicit TimesByFunction(const TraceLimits& limits) : limits_(limits) {}

  // Error text, or "".
  std::string add(std::string_view function, Nanos at, std::optional<double> duration_ms);
  bool empty() const { return total_ == 0; }
  Nanos first() const { return first_; }
  // All times less `origin`, sorted.
  std::vector<TracedFunction> finish(Nanos origin);
  Nanos last() const { return last_; }

 private:
  struct Entry {
    std::vector<Nanos> at;
    std::vector<float> durations_ms;
  };
  TraceLimits limits_;
  std::map<std::string, Entry, std::less<>> functions_;
  uint64_t total_ = 0;
  Nanos first_ = kNever;
  Nanos last_ = 0;
};

void sort_by_requests(std::vector<TracedFunction>& functions);

Result<Trace> read_csv(LineReader& lines, std::string_view header, const TraceLimits& limits);
Result<Trace> read_azure_2019(LineReader& lines, std::string_view header,
                              const TraceLimits& limits);
Result<Trace> read_azure_2021(LineReader& lines, const TraceLimits& limits);
bool is_access_log(std::string_view line);
Result<Trace> read_access_log(LineReader& lines, std::string_view first, const TraceLimits& limits);

}  // namespace kiln::traffic
