#include "kiln/batch_processor.h"

#include <malloc.h>

#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include "kiln/log.h"
#include "sdk/letter_case.h"
#include "sdk/text.h"

namespace kiln {
namespace {

using nlohmann::json;

constexpr size_t kSnapshotEvery = 10;  // batches

const json& field(const json& record, const char* name) {
  static const json kNull;
  const auto found = record.find(name);
  return found == record.end() ? kNull : *found;
}

[[noreturn]] void refuse(const char* name, const char* what) {
  throw std::invalid_argument(std::string("'") + name + "' must be " + what);
}

std::string_view text_of(const json& record, const char* name) {
  const json& value = field(record, name);
  if (value.is_null()) return {};
  const auto* text = value.get_ptr<const std::string*>();
  if (!text) refuse(name, "a text");
  return *text;
}

// Nothing for an absent number and an empty text.
std::optional<double> number_of(const json& record, const char* name) {
  const json& value = field(record, name);
  double number = 0;
  if (value.is_number()) {
    number = value.get<double>();
  } else if (const auto* written = value.get_ptr<const std::string*>()) {
    std::string_view text = sdk::trimmed(*written);
    if (text.empty()) return std::nullopt;
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) refuse(name, "a number");
  } else if (value.is_null()) {
    return std::nullopt;
  } else {
    refuse(name, "a number");
  }
  if (!std::isfinite(number)) refuse(name, "a finite number");
  return number;
}

std::optional<int64_t> age_of(const json& record) {
  const auto age = number_of(record, "age");
  if (!age) return std::nullopt;
  if (std::abs(*age) >= 0x1p53) refuse("age", "a number of years");
  return static_cast<int64_t>(*age);
}

const char* name_of(ValidationStatus status) {
  switch (status) {
    case ValidationStatus::kInvalidName:
      return "invalid_name";
    case ValidationStatus::kInvalidEmail:
      return "invalid_email";
    case ValidationStatus::kValid:
      break;
  }
  return "valid";
}

// Copying and printing are recursive, so an id that nests deeply would end the process.
const json& id_of(const json& record) {
  const json& id = field(record, "id");
  if (id.is_structured()) refuse("id", "a text or a number");
  return id;
}

std::string id_text(const json& record) {
  if (!record.is_object()) return {};
  const json& id = field(record, "id");
  if (id.is_structured()) return {};
  return id.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 200);
}

}  // namespace

ProcessedRecord process_record(const json& record, std::chrono::system_clock::time_point now) {
  if (!record.is_object()) throw std::invalid_argument("the record must be an object");
  ProcessedRecord result;
  result.id = id_of(record);
  result.processed_at = now;
  result.name = sdk::title_case(sdk::trimmed(text_of(record, "name")));
  result.email = sdk::lower_case(sdk::trimmed(text_of(record, "email")));
  result.age = age_of(record);
  result.score = number_of(record, "score").value_or(0);
  if (result.name.empty()) {
    result.status = ValidationStatus::kInvalidName;
  } else if (result.email.find('@') == std::string::npos) {
    result.status = ValidationStatus::kInvalidEmail;
  }
  return result;
}

void to_json(json& out, const ProcessedRecord& record) {
  std::string processed_at;
  sdk::append_timestamp(processed_at, std::chrono::duration_cast<std::chrono::milliseconds>(
                                          record.processed_at.time_since_epoch())
                                          .count());
  out = {{"id", record.id},
         {"processed_at", std::move(processed_at)},
         {"data",
          {{"name", record.name},
           {"email", record.email},
           {"age", record.age ? json(*record.age) : json()},
           {"score", record.score}}},
         {"validation_status", name_of(record.status)}};
}

DataProcessor::DataProcessor(Options options, MemoryProfiler& profiler, OnRecord on_record,
                             OnBad on_bad)
    : options_(options),
      profiler_(profiler),
      on_record_(std::move(on_record)),
      on_bad_(std::move(on_bad)) {
  if (options_.batch_size == 0) {
    throw std::invalid_argument("DataProcessor: the batch size must be at least 1");
  }
  profiler_.snapshot("processing_start");
}

void DataProcessor::push(const json& record) {
  if (in_batch_ == 0) batch_began_ = std::chrono::system_clock::now();
  const size_t index = processed_++;
  std::optional<ProcessedRecord> result;
  try {
    result = process_record(record, batch_began_);
  } catch (const std::exception& e) {
    log::error("a record is skipped",
               {{"index", index}, {"id", id_text(record)}, {"error", e.what()}});
    if (on_bad_) on_bad_(record, index, e.what());
  }
  if (result) {
    ++results_;
    on_record_(std::move(*result));
  }
  if (++in_batch_ >= options_.batch_size) end_batch();
}

void DataProcessor::finish() {
  if (in_batch_ > 0) end_batch();
  profiler_.snapshot("processing_complete");
}

void DataProcessor::end_batch() {
  const std::string number = std::to_string(batches_);
  const double memory_mb = resident_memory_mb();
  if (options_.memory_limit_mb > 0 && memory_mb > options_.memory_limit_mb * options_.warn_at) {
    log::warn("memory is running short",
              {{"memory_mb", memory_mb}, {"memory_limit_mb", options_.memory_limit_mb}});
    ::malloc_trim(0);
    profiler_.snapshot("after_release_batch_" + number);
  }
  if (batches_ % kSnapshotEvery == 0) profiler_.snapshot("batch_" + number);
  in_batch_ = 0;
  ++batches_;
}

}  // namespace kiln
