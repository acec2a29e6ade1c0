#include "model/trace_header.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/ids.h"

namespace kiln::model {
namespace {

constexpr size_t kMaxField = 256;

// It goes on as a header and as an environment variable.
bool is_value(std::string_view text) {
  return !text.empty() && text.size() <= kMaxField &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return ascii::is_alnum(c) || c == '-' || c == ':' || c == '|'; });
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

struct Fields {
  std::string_view root, parent, sampled, lineage;
};

Fields parse(std::string_view given) {
  Fields fields;
  while (!given.empty()) {
    const size_t end = std::min(given.find(';'), given.size());
    const std::string_view part = trimmed(given.substr(0, end));
    given.remove_prefix(std::min(end + 1, given.size()));
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = part.substr(0, equals), value = part.substr(equals + 1);
    if (!is_value(value)) continue;
    if (name == "Root") fields.root = value;
    if (name == "Parent") fields.parent = value;
    if (name == "Sampled" && (value == "0" || value == "1")) fields.sampled = value;
    if (name == "Lineage") fields.lineage = value;
  }
  return fields;
}

// Eight hex digits that are the same for the same function.
void append_hash(std::string& out, std::string_view text) {
  uint32_t hash = 2'166'136'261U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16'777'619U;
  for (int shift = 28; shift >= 0; shift -= 4) out += "0123456789abcdef"[(hash >> shift) & 15U];
}

}  // namespace

std::string complete_trace_header(std::string_view given, std::string_view function,
                                  int64_t epoch_s) {
  const Fields fields = parse(given);
  std::string out;
  out.reserve(112);
  if (fields.root.empty())
    append_trace_id(out, epoch_s);
  else
    out.append("Root=").append(fields.root);
  out += ";Parent=";
  if (fields.parent.empty())
    append_hex(out, 8);
  else
    out += fields.parent;
  out.append(";Sampled=").append(fields.sampled.empty() ? "0" : fields.sampled).append(";Lineage=");
  if (!fields.lineage.empty()) return out.append(fields.lineage);
  out += "1:";
  append_hash(out, function);
  return out += ":0";
}

}  // namespace kiln::model
