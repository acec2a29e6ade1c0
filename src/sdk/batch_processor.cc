#include "kiln/batch_processor.h"

#include <malloc.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "kiln/json_scan.h"
#include "kiln/log.h"
#include "sdk/letter_case.h"
#include "sdk/text.h"

namespace kiln {
namespace {

using nlohmann::json;

constexpr size_t kSnapshotEvery = 10;  // batches

// A field as the rules see it, whether out of a tree or out of text.
struct Field {
  enum class Kind { kNull, kText, kNumber, kOther };
  Kind kind = Kind::kNull;
  std::string_view text{};
  double number = 0;
};

[[noreturn]] void refuse(const char* name, const char* what) {
  throw std::invalid_argument(std::string("'") + name + "' must be " + what);
}

std::string_view text_of(const Field& field, const char* name) {
  if (field.kind == Field::Kind::kNull) return {};
  if (field.kind != Field::Kind::kText) refuse(name, "a text");
  return field.text;
}

// Nothing for an absent number and an empty text.
std::optional<double> number_of(const Field& field, const char* name) {
  double number = field.number;
  if (field.kind == Field::Kind::kNull) return std::nullopt;
  if (field.kind == Field::Kind::kOther) refuse(name, "a number");
  if (field.kind == Field::Kind::kText) {
    std::string_view text = sdk::trimmed(field.text);
    if (text.empty()) return std::nullopt;
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) refuse(name, "a number");
  }
  if (!std::isfinite(number)) refuse(name, "a finite number");
  return number;
}

std::optional<int64_t> age_of(const Field& field) {
  const auto age = number_of(field, "age");
  if (!age) return std::nullopt;
  if (std::abs(*age) >= 0x1p53) refuse("age", "a number of years");
  return static_cast<int64_t>(*age);
}

Field field_of(const json& value) {
  if (value.is_null()) return {};
  if (value.is_number()) return {.kind = Field::Kind::kNumber, .number = value.get<double>()};
  if (const auto* text = value.get_ptr<const std::string*>()) {
    return {.kind = Field::Kind::kText, .text = *text};
  }
  return {.kind = Field::Kind::kOther};
}

[[noreturn]] void not_json(std::string_view text) {
  throw std::invalid_argument("not JSON: '" + std::string(text.substr(0, 40)) + "'");
}

json parsed(std::string_view text) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) not_json(text);
  return value;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// As JSON has numbers; the end of the digits at `at`.
size_t digits_end(std::string_view text, size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

bool is_number(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const size_t first = at;
  at = digits_end(text, at);
  if (at == first || (text[first] == '0' && at > first + 1)) return false;
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = at + 1;
    at = digits_end(text, fraction);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const size_t exponent = at;
    at = digits_end(text, exponent);
    if (at == exponent) return false;
  }
  return at == text.size();
}

// What is between the quotes, when that is what the string holds: ASCII without escapes.
std::optional<std::string_view> plain_string(std::string_view text) {
  if (text.size() < 2 || text.front() != '"') return std::nullopt;
  const std::string_view inside = text.substr(1, text.size() - 2);
  for (const char c : inside) {
    if (c < ' ' || c == '\\') return std::nullopt;  // from 0x80 on a char is negative
  }
  return inside;
}

// `unescaped` takes the field's text when it is not in `text` as it stands.
Field field_of(std::string_view text, std::string& unescaped) {
  if (const auto plain = plain_string(text)) return {.kind = Field::Kind::kText, .text = *plain};
  if (is_number(text)) {
    Field field{.kind = Field::Kind::kNumber};
    const auto error = std::from_chars(text.data(), text.data() + text.size(), field.number).ec;
    if (error != std::errc()) field.number = std::numeric_limits<double>::infinity();
    return field;
  }
  json value = parsed(text);
  Field field = field_of(value);
  if (field.kind == Field::Kind::kText) {
    unescaped = std::move(value.get_ref<std::string&>());
    field.text = unescaped;
  }
  return field;
}

const char* text_of(ValidationStatus status) {
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

std::string id_text(const json& id) {
  return id.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 200);
}

}  // namespace

// The parts of a record that the rules look at. Those from text refer to it.
struct DataProcessor::Fields {
  enum Name { kName, kEmail, kAge, kScore, kNames };

  explicit Fields(const json& record) : is_object(record.is_object()) {
    if (!is_object) return;
    for (const auto& [key, value] : record.get_ref<const json::object_t&>()) {
      if (key == "id") {
        is_id_structured = value.is_structured();
        if (!is_id_structured) id = value;
      } else if (const Name name = name_of(key); name != kNames) {
        fields[name] = field_of(value);
      }
    }
  }
  explicit Fields(std::string_view record) : is_object(record.starts_with('{')) {
    if (!is_object) {
      if (!json::accept(record)) not_json(record);
      return;
    }
    JsonMembers members(record);
    while (const auto member = members.next()) {
      if (member->key == "id") {
        set_id(member->value);
      } else if (const Name name = name_of(member->key); name != kNames) {
        fields[name] = field_of(member->value, unescaped[name]);
      } else if (!json::accept(member->value)) {
        not_json(member->value);
      }
    }
  }
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;

  static Name name_of(std::string_view key) {
    if (key == "name") return kName;
    if (key == "email") return kEmail;
    if (key == "age") return kAge;
    if (key == "score") return kScore;
    return kNames;
  }

  void set_id(std::string_view text) {
    is_id_structured = text.front() == '{' || text.front() == '[';
    if (is_id_structured) {
      if (!json::accept(text)) not_json(text);
    } else if (const auto plain = plain_string(text)) {
      id = *plain;
    } else {
      id = parsed(text);
    }
  }

  // Throws std::invalid_argument, which names the field.
  ProcessedRecord processed(std::chrono::system_clock::time_point now) const {
    if (!is_object) throw std::invalid_argument("the record must be an object");
    if (is_id_structured) refuse("id", "a text or a number");
    ProcessedRecord result;
    result.id = id;
    result.processed_at = now;
    result.name = sdk::title_case(sdk::trimmed(text_of(fields[kName], "name")));
    result.email = sdk::lower_case(sdk::trimmed(text_of(fields[kEmail], "email")));
    result.age = age_of(fields[kAge]);
    result.score = number_of(fields[kScore], "score").value_or(0);
    if (result.name.empty()) {
      result.status = ValidationStatus::kInvalidName;
    } else if (result.email.find('@') == std::string::npos) {
      result.status = ValidationStatus::kInvalidEmail;
    }
    return result;
  }

  bool is_object;
  // Structured ids are not copied: copying is recursive, and would end the process where they nest
  // deeply.
  bool is_id_structured = false;
  json id;
  Field fields[kNames];
  std::string unescaped[kNames];  // texts that are not in the record's text as they stand
};

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
         {"validation_status", text_of(record.status)}};
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

ProcessedRecord process_record(const json& record, std::chrono::system_clock::time_point now) {
  return DataProcessor::Fields(record).processed(now);
}

void DataProcessor::push(const json& record) { process(Fields(record), &record, {}); }

void DataProcessor::push_text(std::string_view record) {
  const std::string_view text = sdk::trimmed(record);
  process(Fields(text), nullptr, text);
}

void DataProcessor::process(const Fields& fields, const json* record, std::string_view text) {
  if (in_batch_ == 0) batch_began_ = std::chrono::system_clock::now();
  const size_t index = processed_++;
  std::optional<ProcessedRecord> result;
  try {
    result = fields.processed(batch_began_);
  } catch (const std::exception& e) {
    log::error("a record is skipped",
               {{"index", index}, {"id", id_text(fields.id)}, {"error", e.what()}});
    if (on_bad_) on_bad_(record ? *record : parsed(text), index, e.what());
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
