#include "sdk/core/json_writer.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "sdk/core/text.h"

namespace kiln::sdk {

void JsonWriter::text(std::string_view value) {
  separate();
  const size_t begin = out_.size();
  if (add_utf8_json_string(out_, value)) return;
  // Where a sequence that is no UTF-8 ends is the library's to say.
  out_.cut(begin);
  out_.add(nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void JsonWriter::number(int64_t value) {
  separate();
  add_integer(out_, value);
}

void JsonWriter::number(uint64_t value) {
  separate();
  add_unsigned(out_, value);
}

void JsonWriter::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  constexpr size_t kLongest = 64;
  char* const to = out_.room(kLongest);
  out_.filled(nlohmann::detail::to_chars(to, to + kLongest, value));
}

void JsonWriter::boolean(bool value) {
  separate();
  out_.add(value ? std::string_view("true") : std::string_view("false"));
}

void JsonWriter::null() {
  separate();
  out_.add("null");
}

void JsonWriter::raw(std::string_view json) {
  separate();
  out_.add(json);
}

}  // namespace kiln::sdk
