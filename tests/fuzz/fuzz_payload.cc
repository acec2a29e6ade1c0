// The check of payloads: takes what nlohmann's parser takes, and of what that refuses numbers that
// are too large for it and halves of surrogate pairs.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/ascii.h"
#include "base/check.h"
#include "services/lambda/payload_check.h"

using nlohmann::json;

namespace {

// Says why it stops.
struct Reader : nlohmann::json_sax<json> {
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t, const std::string&, const json::exception& error) override {
    too_large = error.id == 406;
    return false;
  }
  bool too_large = false;
};

std::string without_surrogates(std::string text) {
  for (size_t at = text.find("\\u"); at != text.npos; at = text.find("\\u", at + 1))
    if (at + 3 < text.size() && (text[at + 2] | 0x20) == 'd' &&
        kiln::ascii::hex_value(text[at + 3]) >= 8)
      text[at + 2] = '0';
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const bool taken = kiln::services::is_plain_json(text);
  // That parser passes a byte order mark over, and takes a zero byte for the end.
  if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != text.npos) {
    KILN_CHECK(!taken);
    return 0;
  }
  Reader reader;
  const bool other = json::sax_parse(without_surrogates(text), &reader);
  KILN_CHECK(taken == other || reader.too_large);
  return 0;
}
