#include "sdk/core/json_writer.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "sdk/core/text.h"

namespace kiln::sdk {

void JsonWriter::text(std::string_view value) {
  separate();
  const size_t begin = out_.size();
  if (append_utf8_json_string(out_, value)) return;
  // Where a sequence that is no UTF-8 ends is the library's to say.
  out_.resize(begin);
  out_ += nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void JsonWriter::number(int64_t value) {
  separate();
  append_integer(out_, value);
}

void JsonWriter::number(uint64_t value) {
  separate();
  append_unsigned(out_, value);
}

void JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  char digits[64];
  const char* const end = nlohmann::detail::to_chars(digits, digits + sizeof digits, value);
  out_.append(digits, static_cast<size_t>(end - digits));
}

void JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void JsonWriter::null() {
  separate();
  out_ += "null";
}

void JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
}

}  // namespace kiln::sdk
