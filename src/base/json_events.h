// JSON as a stream of events with their places, for readers that build something else than a Json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace kiln {

// `at` is the offset of the first byte of the value or name. Returning false ends the reading.
// Nothing may be thrown.
class JsonEvents {
 public:
  virtual bool null(size_t at) = 0;
  virtual bool boolean(bool value, size_t at) = 0;
  virtual bool integer(int64_t value, size_t at) = 0;
  virtual bool unsigned_integer(uint64_t value, size_t at) = 0;
  virtual bool real(double value, std::string_view written, size_t at) = 0;
  virtual bool text(std::string& value, size_t at) = 0;  // which may be moved from
  virtual bool name(std::string& value, size_t at) = 0;
  virtual bool begin_object(size_t at) = 0;
  virtual bool begin_array(size_t at) = 0;
  virtual bool end_object() = 0;
  virtual bool end_array() = 0;

 protected:
  ~JsonEvents() = default;
};

// Where the reading ended before the text did.
struct JsonStop {
  size_t offset = 0;
  std::string why;  // "": an event returned false
};
// nullopt: `text` is one value of JSON. Without recursion, so any depth is read.
std::optional<JsonStop> read_json_events(std::string_view text, JsonEvents& events);

// The line and column of `offset`.
JsonFault json_fault_at(std::string_view text, const JsonStop& stop);

}  // namespace kiln
