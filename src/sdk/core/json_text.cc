// Trees of the JSON library from text and back, in less time than its own reader and printer take.
#include <cmath>

#include "kiln/json_handler.h"
#include "sdk/core/json_reader.h"
#include "sdk/core/json_writer.h"

namespace kiln {
namespace {

using nlohmann::json;
using sdk::JsonReader;
using sdk::JsonWriter;

constexpr size_t kExactDigits = 18;  // fit into 64 bits, with either sign

[[noreturn]] void leave_to_library() { throw sdk::JsonError("for the library"); }

json number_tree(const JsonReader::Number& number) {
  const std::string_view text = number.text;
  const bool negative = text.front() == '-';
  const bool whole = text.find_first_of(".eE") == std::string_view::npos;
  if (whole && text.size() - (negative ? 1 : 0) <= kExactDigits) {
    uint64_t digits = 0;
    for (const char c : text.substr(negative ? 1 : 0)) {
      digits = digits * 10 + static_cast<uint64_t>(c - '0');
    }
    if (negative) return -static_cast<int64_t>(digits);
    return digits;
  }
  if (whole || !std::isfinite(number.value)) leave_to_library();
  return number.value;
}

void read_tree(JsonReader& reader, json& out, int depth) {
  if (depth > JsonReader::kMaxDepth) leave_to_library();
  switch (const auto kind = reader.peek()) {
    case JsonReader::Kind::kObject: {
      out = json::object();
      auto& members = out.get_ref<json::object_t&>();
      // Of two members with one name the last one counts, as in the library.
      reader.object(
          [&](std::string_view key) { read_tree(reader, members[std::string(key)], depth + 1); });
      return;
    }
    case JsonReader::Kind::kArray: {
      out = json::array();
      auto& elements = out.get_ref<json::array_t&>();
      reader.array([&] { read_tree(reader, elements.emplace_back(), depth + 1); });
      return;
    }
    case JsonReader::Kind::kString:
      out = reader.string();
      return;
    case JsonReader::Kind::kNumber:
      out = number_tree(reader.number());
      return;
    case JsonReader::Kind::kNull:
      reader.skip();
      out = nullptr;
      return;
    case JsonReader::Kind::kTrue:
    case JsonReader::Kind::kFalse:
      reader.skip();
      out = kind == JsonReader::Kind::kTrue;
  }
}

void print_tree(JsonWriter& out, const json& value) {
  switch (value.type()) {
    case json::value_t::object:
      out.begin_object();
      for (const auto& [key, member] : value.get_ref<const json::object_t&>()) {
        out.key(key);
        print_tree(out, member);
      }
      out.end_object();
      return;
    case json::value_t::array:
      out.begin_array();
      for (const json& element : value.get_ref<const json::array_t&>()) print_tree(out, element);
      out.end_array();
      return;
    case json::value_t::string:
      out.text(value.get_ref<const std::string&>());
      return;
    case json::value_t::boolean:
      out.boolean(value.get<bool>());
      return;
    case json::value_t::number_integer:
      out.number(value.get<int64_t>());
      return;
    case json::value_t::number_unsigned:
      out.number(value.get<uint64_t>());
      return;
    case json::value_t::number_float:
      out.number(value.get<double>());
      return;
    case json::value_t::null:
      out.null();
      return;
    case json::value_t::binary:
    case json::value_t::discarded:
      // What has no JSON is for the library to print.
      out.raw(value.dump());
  }
}

}  // namespace

json parse_json(std::string_view text) {
  try {
    JsonReader reader(text);
    json tree;
    read_tree(reader, tree, 0);
    reader.end();
    return tree;
  } catch (const sdk::JsonError&) {
    // The library names the mistake, and reads what is beyond the reader: greater depth, a byte
    // order mark.
    return json::parse(text);
  }
}

json tree_of(JsonView view) {
  if (const auto text = view.text()) return *text;
  return view.absent() ? json() : parse_json(view.written());
}

json parse_event(std::string_view payload) {
  return payload.empty() ? json::object() : parse_json(payload);
}

std::string print_json(const json& value) {
  JsonWriter writer;
  print_tree(writer, value);
  return writer.take();
}

}  // namespace kiln
