// data_analysis: what a table's columns hold, in one pass over the event.
//
//   DataAnalysis analysis(event);
//   analysis.read(reader);  // at the array of records
//   answer = analysis.to_json();
//
//   {"row_count","column_count",
//    "numeric_summary":{name:{"count","mean","std","min","max"}},
//    "categorical_summary":{name:{"count","unique_count","most_frequent"}},
//    "skipped":{"records","values"}}
//
// A row is a record that is an object; other elements are skipped and counted. A column is a key
// that any row has. Numbers go into the numeric summary; texts, and true and false as such, into
// the categorical one; a column with both is in both, each over its own values. A record without
// the key, and null, are no value. Objects, arrays and numbers too big for a double are skipped and
// counted, and so is a key's second value within one record. `std` is of a sample (n - 1), and null
// for a single number. `most_frequent` is the smallest of those that occur equally often.
//
// Threading: one thread. Ownership: refers to the event. Cost: about 2 ns for a byte, and memory
// for the different texts of each column (value_counts.h), at most 10,000 columns.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bad_request.h"
#include "sdk/core/json_reader.h"
#include "value_counts.h"

namespace optimized_imports {

using kiln::sdk::JsonReader;

// Mean and variance of numbers that come one by one. The sum is Neumaier's, which loses nothing
// beside a big number; the squares are Welford's, of the distances to the first number, which lose
// nothing among big numbers that lie close together.
class Moments {
 public:
  void add(double value);
  uint64_t count() const { return count_; }
  double mean() const;
  double sample_deviation() const;  // REQUIRES: two numbers or more
  double min() const { return min_; }
  double max() const { return max_; }

 private:
  uint64_t count_ = 0;
  double sum_ = 0, lost_ = 0;
  double first_ = 0, mean_offset_ = 0, squares_ = 0;
  double min_ = 0, max_ = 0;
};

class DataAnalysis {
 public:
  static constexpr size_t kMaxColumns = 10'000;

  // Throws BadRequest for an event longer than ValueCounts::kMaxEvent.
  explicit DataAnalysis(std::string_view event);

  // Passes over what is no array. Throws kiln::sdk::JsonError, and BadRequest for too many columns.
  void read(JsonReader& reader);

  bool found_records() const { return found_records_; }  // read() was at an array
  uint64_t rows() const { return rows_; }
  nlohmann::json to_json() const;
  uint64_t skipped_records() const { return skipped_records_; }
  uint64_t skipped_values() const { return skipped_values_; }

 private:
  struct Column {
    std::string name;
    std::string written;  // "\"name\"" as records have it; empty for a name with escapes
    Moments numbers;
    ValueCounts texts;
    uint64_t text_count = 0;
    uint64_t truths[2] = {0, 0};  // false, true
    uint64_t last_row = 0;        // the last row that had it, from 1
  };

  void read_row(JsonReader& reader);
  void read_value(JsonReader& reader, Column& column);
  Column& next_column(JsonReader& reader, size_t& guess);
  Column& column(std::string_view name);
  static nlohmann::json categories(const Column& column);

  const std::string_view event_;
  std::vector<Column> columns_;
  std::unordered_map<std::string, size_t> places_;
  uint64_t rows_ = 0;
  uint64_t skipped_records_ = 0;
  uint64_t skipped_values_ = 0;
  bool found_records_ = false;
};

}  // namespace optimized_imports
