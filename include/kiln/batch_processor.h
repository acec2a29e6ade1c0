// DataProcessor: cleans records in batches, and keeps the memory that it takes in sight.
//
//   kiln::MemoryProfiler profiler;
//   profiler.start();
//   kiln::DataProcessor processor({.memory_limit_mb = 512}, profiler,
//                                 [&](kiln::ProcessedRecord record) { store(record); });
//   while (auto record = next()) processor.push(*record);
//   processor.finish();
//
// Records come and results go one by one, so that neither all of the one nor all of the other need
// be in memory; a batch is so many records in a row, and the unit of control. After each batch that
// leaves the process above 80 % of the limit there is a warning, free memory goes back to the
// system, and a snapshot is taken ("after_release_batch_7"); after every tenth batch, from the
// first on, a snapshot ("batch_10"); and one at the beginning and one at the end
// ("processing_start", "processing_complete"). A profiler that was never started takes none.
//
// A record that can't be processed is logged and skipped; on_bad, when given, is told.
//
// Threading: one thread at a time. Ownership: borrows the profiler; keeps no record. Cost: about
// 1 µs per record, 0.15 µs from text; and 5 µs per batch for looking at the memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "kiln/json_view.h"
#include "kiln/memory_profiler.h"

namespace kiln {

enum class ValidationStatus { kValid, kInvalidName, kInvalidEmail };
const char* name_of(ValidationStatus status);  // "valid", "invalid_name", "invalid_email"

struct ProcessedRecord {
  nlohmann::json id;  // as it came: a text, a number, a truth value; null without one
  std::chrono::system_clock::time_point processed_at;  // the beginning of its batch
  std::string name;                                    // trimmed, Title Case
  std::string email;                                   // trimmed, lower case
  std::optional<int64_t> age;
  double score = 0;
  ValidationStatus status = ValidationStatus::kValid;
};

// {"id","processed_at","data":{"name","email","age","score"},"validation_status":
// "valid"|"invalid_name"|"invalid_email"}
void to_json(nlohmann::json& json, const ProcessedRecord& record);

// The rules for one record {"id","name","email","age","score"}. Absent and null fields are empty;
// `age` and `score` may be numbers or texts of one, age loses its fraction. An empty name makes
// invalid_name, an e-mail address without @ invalid_email. Throws std::invalid_argument, which
// names the field, for what is not an object, an id that is an object or array, a name or address
// that is no text, and a number that is none.
ProcessedRecord process_record(const nlohmann::json& record,
                               std::chrono::system_clock::time_point now);
// The same for a record in a document, without a tree of it.
ProcessedRecord process_record(JsonView record, std::chrono::system_clock::time_point now);

class DataProcessor {
 public:
  struct Options {
    double memory_limit_mb = 0;  // 0: no limit
    size_t batch_size = 1000;
    double warn_at = 0.8;  // of the limit
  };
  // What it leaves of the record makes room for the next one: taken by value the record is the
  // callee's own; taken by const reference, nothing is allocated.
  using OnRecord = std::function<void(ProcessedRecord&& record)>;
  // `index` counts the records from 0.
  using OnBad = std::function<void(const nlohmann::json& record, size_t index, const char* error)>;

  // Throws std::invalid_argument for a batch size of 0.
  DataProcessor(Options options, MemoryProfiler& profiler, OnRecord on_record, OnBad on_bad = {});
  ~DataProcessor();
  DataProcessor(const DataProcessor&) = delete;
  DataProcessor& operator=(const DataProcessor&) = delete;

  void push(const nlohmann::json& record);
  void push(JsonView record);
  // The same for a record's JSON text, in a fraction of the time and without a tree of it. Throws
  // std::invalid_argument for what is not JSON.
  void push_text(std::string_view record);
  // All records of an array's JSON text, in one pass. Where it is not JSON it throws when the
  // records before are done.
  void push_array(std::string_view records);
  void finish();  // the last, incomplete batch

  size_t processed_records() const { return processed_; }  // gone through, the bad ones included
  size_t results_count() const { return results_; }        // without the bad ones

 private:
  struct Fields;
  friend ProcessedRecord process_record(const nlohmann::json& record,
                                        std::chrono::system_clock::time_point now);
  friend ProcessedRecord process_record(JsonView record, std::chrono::system_clock::time_point now);

  // What fields_ has; `tree` makes the record's, for on_bad.
  template <class Tree>
  void process(const Tree& tree);
  void end_batch();
  void snapshot(std::string label);

  const Options options_;
  MemoryProfiler& profiler_;
  const OnRecord on_record_;
  const OnBad on_bad_;
  std::chrono::system_clock::time_point batch_began_;
  size_t in_batch_ = 0;
  size_t batches_ = 0;
  size_t processed_ = 0;
  size_t results_ = 0;
  const std::unique_ptr<Fields> fields_;
  ProcessedRecord result_;
};

}  // namespace kiln
