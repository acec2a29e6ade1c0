// The SDK's views of events, against the JSON library's trees: what one refuses the other refuses,
// and what both take is the same.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/check.h"
#include "kiln/json_view.h"

namespace {

using kiln::JsonView;
using nlohmann::json;

bool same(JsonView view, const json& tree) {
  switch (tree.type()) {
    case json::value_t::object: {
      if (!view.is_object() || view.size() < tree.size()) return false;
      for (const auto& [name, value] : tree.items()) {
        if (!same(view[name], value)) return false;
      }
      return true;
    }
    case json::value_t::array: {
      if (!view.is_array() || view.size() != tree.size()) return false;
      size_t at = 0;
      for (const JsonView element : view.elements()) {
        if (!same(element, tree[at++])) return false;
      }
      return true;
    }
    case json::value_t::string:
      return view.text() == tree.get_ref<const std::string&>();
    case json::value_t::boolean:
      return view.truth() == tree.get<bool>();
    case json::value_t::null:
      return view.is_null();
    case json::value_t::number_float:
      return view.number() == tree.get<double>() && !view.is_whole();
    default:
      return view.number() == tree.get<double>() && view.is_whole();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find('\0') != std::string::npos) return 0;  // where the library takes the text to end
  const json tree = json::parse(text, nullptr, false);
  try {
    const kiln::JsonDocument document(text);
    KILN_CHECK(!tree.is_discarded());
    KILN_CHECK(same(document.root(), tree));
  } catch (const std::invalid_argument&) {
    KILN_CHECK(tree.is_discarded());
  }
  return 0;
}
