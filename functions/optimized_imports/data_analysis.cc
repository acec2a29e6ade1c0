#include "data_analysis.h"

#include <algorithm>
#include <cmath>

namespace optimized_imports {

using nlohmann::json;

void Moments::add(double value) {
  if (count_ == 0) first_ = value;
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = count_ == 0 ? value : std::max(max_, value);
  ++count_;
  const double sum = sum_ + value;
  lost_ += std::abs(sum_) >= std::abs(value) ? (sum_ - sum) + value : (value - sum) + sum_;
  sum_ = sum;
  const double offset = value - first_;
  const double delta = offset - mean_offset_;
  mean_offset_ += delta / static_cast<double>(count_);
  squares_ += delta * (offset - mean_offset_);
}

double Moments::mean() const {
  const double mean = (sum_ + lost_) / static_cast<double>(count_);
  return std::isfinite(mean) ? mean : first_ + mean_offset_;  // the sum may be too big for a double
}

double Moments::sample_deviation() const {
  return std::sqrt(squares_ / static_cast<double>(count_ - 1));
}

DataAnalysis::DataAnalysis(std::string_view event) : event_(event) {
  if (event.size() > ValueCounts::kMaxEvent) {
    throw BadRequest("an event of " + std::to_string(event.size()) +
                     " bytes is too big for data_analysis; " +
                     std::to_string(ValueCounts::kMaxEvent) + " are the most");
  }
}

void DataAnalysis::read(JsonReader& reader) {
  if (reader.peek() != JsonReader::Kind::kArray) {
    reader.skip();
    return;
  }
  found_records_ = true;
  reader.array([&] {
    if (reader.peek() == JsonReader::Kind::kObject) {
      read_row(reader);
    } else {
      reader.skip();
      ++skipped_records_;
    }
  });
  for (Column& column : columns_) column.texts.finish();
}

void DataAnalysis::read_row(JsonReader& reader) {
  ++rows_;
  if (!reader.enter_object()) return;
  size_t guess = 0;
  do {
    Column& found = next_column(reader, guess);
    if (found.last_row == rows_) {
      reader.skip();
      ++skipped_values_;
    } else {
      found.last_row = rows_;
      read_value(reader, found);
    }
  } while (reader.more_members());
}

// The column of the key that comes next. Records mostly have the same keys in the same order, so
// `guess` is where it is looked for first.
DataAnalysis::Column& DataAnalysis::next_column(JsonReader& reader, size_t& guess) {
  if (guess < columns_.size()) {
    const std::string& written = columns_[guess].written;
    if (!written.empty() && reader.key_is(written)) return columns_[guess++];
  }
  Column& found = column(reader.key());
  guess = static_cast<size_t>(&found - columns_.data()) + 1;
  return found;
}

DataAnalysis::Column& DataAnalysis::column(std::string_view name) {
  const auto [found, is_new] = places_.try_emplace(std::string(name), columns_.size());
  if (is_new) {
    if (columns_.size() == kMaxColumns) {
      throw BadRequest("the records have more than " + std::to_string(kMaxColumns) +
                       " different keys");
    }
    const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
      return c == '"' || c == '\\' || (c >= 0 && c < ' ');
    });
    columns_.push_back({.name = std::string(name),
                        .written = plain ? '"' + std::string(name) + '"' : "",
                        .numbers = {},
                        .texts = ValueCounts(event_)});
  }
  return columns_[found->second];
}

void DataAnalysis::read_value(JsonReader& reader, Column& column) {
  switch (const auto kind = reader.peek()) {
    case JsonReader::Kind::kNumber: {
      const double value = reader.number().value;
      if (std::isfinite(value)) {
        column.numbers.add(value);
      } else {
        ++skipped_values_;
      }
      return;
    }
    case JsonReader::Kind::kString:
      column.texts.add(reader.raw_string());
      ++column.text_count;
      return;
    case JsonReader::Kind::kTrue:
    case JsonReader::Kind::kFalse:
      reader.skip();
      ++column.truths[kind == JsonReader::Kind::kTrue ? 1 : 0];
      return;
    case JsonReader::Kind::kNull:
      reader.skip();
      return;
    case JsonReader::Kind::kObject:
    case JsonReader::Kind::kArray:
      reader.skip();
      ++skipped_values_;
      return;
  }
}

// Texts and truth values together: true is the same as the text "true".
json DataAnalysis::categories(const Column& column) {
  uint64_t count = column.text_count;
  size_t different = column.texts.size();
  auto best = column.texts.most_frequent();
  for (const bool truth : {false, true}) {
    const uint64_t truths = column.truths[truth];
    if (truths == 0) continue;
    const char* const text = truth ? "true" : "false";
    const uint64_t texts = column.texts.count(text);
    count += truths;
    if (texts == 0) ++different;
    const uint64_t both = texts + truths;
    if (both > best.count || (both == best.count && text < best.text)) best = {text, both};
  }
  return {{"count", count}, {"unique_count", different}, {"most_frequent", best.text}};
}

json DataAnalysis::to_json() const {
  json numeric = json::object(), categorical = json::object();
  for (const Column& column : columns_) {
    if (column.numbers.count() > 0) {
      const Moments& numbers = column.numbers;
      numeric[column.name] = {
          {"count", numbers.count()},
          {"mean", numbers.mean()},
          {"std", numbers.count() > 1 ? json(numbers.sample_deviation()) : json()},
          {"min", numbers.min()},
          {"max", numbers.max()}};
    }
    if (column.text_count + column.truths[0] + column.truths[1] > 0) {
      categorical[column.name] = categories(column);
    }
  }
  return {{"row_count", rows_},
          {"column_count", columns_.size()},
          {"numeric_summary", std::move(numeric)},
          {"categorical_summary", std::move(categorical)},
          {"skipped", {{"records", skipped_records_}, {"values", skipped_values_}}}};
}

}  // namespace optimized_imports
