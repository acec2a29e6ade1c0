#include "kiln/batch_processor.h"

#include <malloc.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string_view>

#include "kiln/json_handler.h"
#include "kiln/log.h"
#include "sdk/core/json_reader.h"
#include "sdk/core/letter_case.h"
#include "sdk/core/text.h"

namespace kiln {
namespace {

using nlohmann::json;
using sdk::JsonReader;

constexpr size_t kSnapshotEvery = 10;  // batches
constexpr const char* kNotJson = "not JSON";

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

// The number that a text says; NaN for an empty one.
double number_in(std::string_view given, const char* name) {
  std::string_view text = sdk::trimmed(given);
  if (text.empty()) return std::numeric_limits<double>::quiet_NaN();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) refuse(name, "a number");
  if (!std::isfinite(number)) refuse(name, "a finite number");
  return number;
}

// NaN for an absent number and an empty text. (An optional would go through memory, and wait.)
double number_of(const Field& field, const char* name) {
  if (field.kind == Field::Kind::kNumber) {
    if (!std::isfinite(field.number)) refuse(name, "a finite number");
    return field.number;
  }
  if (field.kind == Field::Kind::kOther) refuse(name, "a number");
  if (field.kind == Field::Kind::kText) return number_in(field.text, name);
  return std::numeric_limits<double>::quiet_NaN();
}

std::optional<int64_t> age_of(const Field& field) {
  const double age = number_of(field, "age");
  if (std::isnan(age)) return std::nullopt;
  if (std::abs(age) >= 0x1p53) refuse("age", "a number of years");
  return static_cast<int64_t>(age);
}

Field field_of(const json& value) {
  if (value.is_null()) return {};
  if (value.is_number()) return {.kind = Field::Kind::kNumber, .number = value.get<double>()};
  if (const auto* text = value.get_ptr<const std::string*>()) {
    return {.kind = Field::Kind::kText, .text = *text};
  }
  return {.kind = Field::Kind::kOther};
}

Field field_of(JsonView value) {
  switch (value.kind()) {
    case JsonView::Kind::kAbsent:
    case JsonView::Kind::kNull:
      return {};
    case JsonView::Kind::kNumber:
      return {.kind = Field::Kind::kNumber, .number = *value.number()};
    case JsonView::Kind::kText:
      return {.kind = Field::Kind::kText, .text = *value.text()};
    default:
      return {.kind = Field::Kind::kOther};
  }
}

std::string id_text(const json& id) {
  return id.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 200);
}

}  // namespace

// The parts of a record that the rules look at. Those from text refer to it.
struct DataProcessor::Fields {
  enum Name : uint8_t { kName, kEmail, kAge, kScore, kNames, kId };
  static constexpr size_t kExpected = 8;  // members

  // How a record's member began the last time: all from the value before it to its own.
  struct Lead {
    static constexpr size_t kMost = 24;  // bytes
    std::string_view text() const { return {bytes, size}; }
    char bytes[kMost];
    uint8_t size = 0;  // 0: unknown
    Name name = kNames;
  };

  void take(const json& record) {
    clear();
    id = nullptr;
    is_object = record.is_object();
    if (!is_object) return;
    for (const auto& [key, value] : record.get_ref<const json::object_t&>()) {
      const Name name = name_of(key);
      if (name == kId) {
        is_id_structured = value.is_structured();
        if (!is_id_structured) id = value;
      } else if (name != kNames) {
        fields[name] = field_of(value);
      }
    }
  }

  void take(JsonView record) {
    clear();
    id = nullptr;
    is_object = record.is_object();
    if (!is_object) return;
    const auto [given_id, name, email, age, score] =
        record.pick({"id", "name", "email", "age", "score"});
    is_id_structured = given_id.is_structured();
    if (!is_id_structured && !given_id.absent()) id = tree_of(given_id);
    fields[kName] = field_of(name);
    fields[kEmail] = field_of(email);
    fields[kAge] = field_of(age);
    fields[kScore] = field_of(score);
  }

  // Passes the record. Throws sdk::JsonError.
  void take(JsonReader& reader) {
    clear();
    is_object = reader.peek() == JsonReader::Kind::kObject;
    if (!is_object) {
      id = nullptr;
      reader.skip();
      return;
    }
    for (size_t member = 0; next_member(reader, member); ++member) {
      const Name name = this_name;
      if (name == kId) {
        take_id(reader);
      } else if (name != kNames) {
        take_field(reader, name);
      } else {
        reader.skip();
      }
    }
    if (!has_id && !id.is_null()) id = nullptr;
  }

  // Throws std::invalid_argument, which names the field. The id goes over.
  void process(std::chrono::system_clock::time_point now, ProcessedRecord& result) {
    if (!is_object) throw std::invalid_argument("the record must be an object");
    if (is_id_structured) refuse("id", "a text or a number");
    result.processed_at = now;
    sdk::title_case(sdk::trimmed(text_of(fields[kName], "name")), result.name);
    sdk::lower_case(sdk::trimmed(text_of(fields[kEmail], "email")), result.email);
    result.age = age_of(fields[kAge]);
    const double score = number_of(fields[kScore], "score");
    result.score = std::isnan(score) ? 0 : score;
    result.status = result.name.empty()                           ? ValidationStatus::kInvalidName
                    : result.email.find('@') == std::string::npos ? ValidationStatus::kInvalidEmail
                                                                  : ValidationStatus::kValid;
    result.id.swap(id);
  }

  bool is_object = false;
  // Structured ids are not copied: copying is recursive, and would end the process where they nest
  // deeply.
  bool is_id_structured = false;
  bool has_id = false;  // in the record's text
  json id;
  Field fields[kNames];
  std::string unescaped[kNames];  // texts that are not in the record's text as they stand
  Name this_name = kNames;        // of the member that is being read
  Lead leads[kExpected];

 private:
  // Goes to the value of the next member, whose name is this_name then. Records mostly have the
  // same members in the same order and layout, which one comparison finds.
  bool next_member(JsonReader& reader, size_t member) {
    if (member < kExpected) {
      Lead& lead = leads[member];
      if (lead.size != 0 && reader.pass(lead.text())) {
        this_name = lead.name;
        return true;
      }
    }
    const char* const begin = reader.at();
    if (!(member == 0 ? reader.enter_object() : reader.more_members())) return false;
    this_name = name_of(reader.key());
    reader.peek();
    if (member < kExpected) {
      const auto size = static_cast<size_t>(reader.at() - begin);
      Lead& lead = leads[member];
      lead.size = size <= Lead::kMost ? static_cast<uint8_t>(size) : 0;
      lead.name = this_name;
      std::memcpy(lead.bytes, begin, lead.size);
    }
    return true;
  }

  static Name name_of(std::string_view key) {
    if (key == "id") return kId;
    if (key == "name") return kName;
    if (key == "email") return kEmail;
    if (key == "age") return kAge;
    if (key == "score") return kScore;
    return kNames;
  }

  // All but the id.
  void clear() {
    is_id_structured = false;
    has_id = false;
    for (Field& field : fields) field.kind = Field::Kind::kNull;
  }

  void take_field(JsonReader& reader, Name name) {
    Field& field = fields[name];
    switch (reader.peek()) {
      case JsonReader::Kind::kString: {
        const auto raw = reader.raw_string();
        field = {.kind = Field::Kind::kText, .text = raw.text};
        if (raw.escapes == JsonReader::Escapes::kNone) return;
        JsonReader::unescape(raw.text, unescaped[name]);
        field.text = unescaped[name];
        return;
      }
      case JsonReader::Kind::kNumber:
        field = {.kind = Field::Kind::kNumber, .number = reader.number().value};
        return;
      case JsonReader::Kind::kNull:
        reader.skip();
        field = {};
        return;
      default:
        reader.skip();
        field = {.kind = Field::Kind::kOther};
    }
  }

  void take_id(JsonReader& reader) {
    is_id_structured = false;
    has_id = true;
    switch (const auto kind = reader.peek()) {
      case JsonReader::Kind::kNumber: {
        const auto number = reader.number();
        if (number.short_whole && number.text.front() != '-') {
          const auto whole = static_cast<json::number_unsigned_t>(number.value);
          if (auto* last = id.get_ptr<json::number_unsigned_t*>()) {
            *last = whole;  // most ids are like those before
          } else {
            id = whole;
          }
        } else if (std::isfinite(number.value)) {
          id = json::parse(number.text);
        } else {
          throw sdk::JsonError("'id' is a number that is too large: " +
                               std::string(number.text.substr(0, 40)));
        }
        return;
      }
      case JsonReader::Kind::kString:
        id = reader.string();
        return;
      case JsonReader::Kind::kObject:
      case JsonReader::Kind::kArray:
        is_id_structured = true;
        id = nullptr;
        reader.skip();
        return;
      case JsonReader::Kind::kNull:
        reader.skip();
        id = nullptr;
        return;
      case JsonReader::Kind::kTrue:
      case JsonReader::Kind::kFalse:
        reader.skip();
        id = kind == JsonReader::Kind::kTrue;
    }
  }
};

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
      on_bad_(std::move(on_bad)),
      fields_(std::make_unique<Fields>()) {
  if (options_.batch_size == 0) {
    throw std::invalid_argument("DataProcessor: the batch size must be at least 1");
  }
  snapshot("processing_start");
}

DataProcessor::~DataProcessor() = default;

ProcessedRecord process_record(const json& record, std::chrono::system_clock::time_point now) {
  DataProcessor::Fields fields;
  fields.take(record);
  ProcessedRecord result;
  fields.process(now, result);
  return result;
}

ProcessedRecord process_record(JsonView record, std::chrono::system_clock::time_point now) {
  DataProcessor::Fields fields;
  fields.take(record);
  ProcessedRecord result;
  fields.process(now, result);
  return result;
}

template <class Tree>
void DataProcessor::process(const Tree& tree) {
  if (in_batch_ == 0) batch_began_ = std::chrono::system_clock::now();
  const size_t index = processed_++;
  bool good = false;
  try {
    fields_->process(batch_began_, result_);
    good = true;
  } catch (const std::exception& e) {
    log::error("a record is skipped",
               {{"index", index}, {"id", id_text(fields_->id)}, {"error", e.what()}});
    if (on_bad_) on_bad_(tree(), index, e.what());
  }
  if (good) {
    ++results_;
    on_record_(std::move(result_));
  }
  if (++in_batch_ >= options_.batch_size) end_batch();
}

void DataProcessor::push(const json& record) {
  fields_->take(record);
  process([&]() -> const json& { return record; });
}

void DataProcessor::push(JsonView record) {
  fields_->take(record);
  process([&] { return tree_of(record); });
}

void DataProcessor::push_text(std::string_view record) {
  JsonReader reader(record, kNotJson);
  fields_->take(reader);
  reader.end();
  process([&] { return json::parse(record, nullptr, false); });
}

void DataProcessor::push_array(std::string_view records) {
  JsonReader reader(records, kNotJson);
  reader.array([&] {
    reader.peek();
    const char* const begin = reader.at();
    fields_->take(reader);
    process([&] { return json::parse(begin, reader.at(), nullptr, false); });
  });
  reader.end();
}

void DataProcessor::finish() {
  if (in_batch_ > 0) end_batch();
  snapshot("processing_complete");
}

void DataProcessor::snapshot(std::string label) {
  if (profiler_.started()) profiler_.snapshot(std::move(label));
}

void DataProcessor::end_batch() {
  const std::string number = std::to_string(batches_);
  const double memory_mb = resident_memory_mb();
  if (options_.memory_limit_mb > 0 && memory_mb > options_.memory_limit_mb * options_.warn_at) {
    log::warn("memory is running short",
              {{"memory_mb", memory_mb}, {"memory_limit_mb", options_.memory_limit_mb}});
    ::malloc_trim(0);
    snapshot("after_release_batch_" + number);
  }
  if (batches_ % kSnapshotEvery == 0) snapshot("batch_" + number);
  in_batch_ = 0;
  ++batches_;
}

}  // namespace kiln
