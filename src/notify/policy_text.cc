#include "notify/policy_text.h"

#include "notify/json_text.h"
#include "notify/sns_error.h"

namespace kiln::notify {
namespace {

using Json = PolicyText::Json;

constexpr size_t kShownSource = 500;  // characters

// Columns, counted from 1, of the place behind what was taken.
struct Columns {
  size_t seen = 0;
  size_t read = 0;
  size_t next = 0;
};

size_t length(const Json& node) { return to_text(node).size(); }

// `start`: how many characters stand before the node.
Columns columns_at(const Json& node, size_t start) {
  Columns out;
  out.read = start + length(node) + 1;
  out.seen = node.is_string() || node.is_structured() ? start + 2 : out.read;
  return out;
}

// Whether `target` is in `node`, or is it.
bool find(const Json& node, const Json& target, size_t start, Columns& out) {
  if (&node == &target) {
    out = columns_at(node, start);
    return true;
  }
  size_t at = start + 1;
  if (node.is_object()) {
    for (const auto& [key, value] : node.items()) {
      at += length(Json(key)) + 1;
      if (find(value, target, at, out)) return true;
      at += length(value) + 1;
    }
  } else if (node.is_array()) {
    for (size_t i = 0; i < node.size(); ++i) {
      if (find(node[i], target, at, out)) {
        if (&node[i] == &target)
          out.next = i + 1 < node.size() ? columns_at(node[i + 1], out.read).seen : out.read + 1;
        return true;
      }
      at += length(node[i]) + 1;
    }
  }
  return false;
}

}  // namespace

Error refused_policy(const std::string& why) { return invalid_parameter("FilterPolicy: " + why); }

Error PolicyText::refused(const std::string& why, const Json& node, At at) const {
  Columns columns;
  find(root_, node, 0, columns);
  const size_t column = at == At::kSeen   ? columns.seen
                        : at == At::kRead ? columns.read
                                          : columns.next;
  std::string source = to_text(root_), more;
  if (source.size() > kShownSource) {
    more = "[truncated " + std::to_string(source.size() - kShownSource) + " chars]";
    source.resize(kShownSource);
  }
  return refused_policy(why + "\n at [Source: (String)\"" + source + "\"" + more +
                        "; line: 1, column: " + std::to_string(column) + "]");
}

}  // namespace kiln::notify
