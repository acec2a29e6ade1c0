// Json: takes the same texts as the library behind it, reads the same values and writes the same
// texts.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "base/json_text.h"

using nlohmann::json;

namespace {

// Doubles are left out: the library's are at times a digit longer.
json without_doubles(json value) {
  if (value.is_number_float()) return nullptr;
  for (auto& item : value)
    if (item.is_structured() || item.is_number_float()) item = without_doubles(std::move(item));
  return value;
}

kiln::Json without_doubles(kiln::Json value) {
  if (value.kind() == kiln::Json::Kind::kDouble) return nullptr;
  for (kiln::Json& item : value) item = without_doubles(std::move(item));
  const kiln::Json members = value;
  for (const auto& [name, member] : members.members()) value[name] = without_doubles(member);
  return value;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  KILN_CHECK(kiln::json_string(text) ==
             json(text).dump(-1, ' ', false, json::error_handler_t::replace));

  const auto parsed = kiln::Json::parse(text);
  KILN_CHECK(parsed.ok() || !parsed.error().message.empty());
  const json other = json::parse(text, nullptr, false);
  if (!parsed) {
    // Only these two are refused here and taken there.
    const bool is_deep = parsed.error().message.ends_with(" deep");
    KILN_CHECK(is_deep || other.is_discarded() || text.find('\0') != text.npos);
    KILN_CHECK(is_deep || kiln::json_fault(text).has_value());
    return 0;
  }
  KILN_CHECK(!other.is_discarded() && !kiln::json_fault(text));
  KILN_CHECK(without_doubles(*parsed).canonical_text() == without_doubles(other).dump());

  const auto again = kiln::Json::parse(parsed->to_text());
  KILN_CHECK(again.ok() && *again == *parsed && again->to_text() == parsed->to_text());
  const auto pretty = kiln::Json::parse(parsed->to_pretty_text());
  KILN_CHECK(pretty.ok() && *pretty == *parsed);
  KILN_CHECK(pretty->canonical_text() == parsed->canonical_text());
  return 0;
}
