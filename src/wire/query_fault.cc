#include "wire/query_fault.h"

#include <string>

#include "base/ascii.h"
#include "base/json_text.h"
#include "wire/uri.h"

namespace kiln::wire {
namespace {

// Whether it has a byte past ASCII, as it is or as %8x to %fx.
bool is_past_ascii(std::string_view form) {
  for (size_t i = 0; i < form.size(); ++i) {
    if (static_cast<unsigned char>(form[i]) >= 0x80) return true;
    if (form[i] != '%' || i + 1 == form.size()) continue;
    if (ascii::hex_value(form[i + 1]) >= 8) return true;
  }
  return false;
}

}  // namespace

std::optional<Error> query_fault(std::string_view form) {
  if (!is_past_ascii(form)) return std::nullopt;
  const QueryParams params = QueryParams::parse(form);
  for (const auto& [name, value] : params.items())
    if (!is_utf8(name) || !is_utf8(value))
      return Error{ErrorKind::kNotFound, "MalformedQueryString",
                   "The query string contains a syntax error: the parameter " + json_string(name) +
                       " has bytes that are no UTF-8."};
  return std::nullopt;
}

}  // namespace kiln::wire
