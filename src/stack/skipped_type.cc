#include "stack/skipped_type.h"

#include <set>

#include "base/json_access.h"
#include "template/evaluate.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

constexpr const char* kMark = "kiln:left-out";

class SkippedType final : public ResourceType {
 public:
  std::string_view name() const override { return ""; }
  std::span<const Property> properties() const override { return {}; }

  Result<Made> create(const Scope&, const std::string& name, const json&) const override {
    return Made{name, {{kMark, true}}};
  }
  Result<Made> update(const Scope&, const std::string& id, const json&,
                      const json&) const override {
    return Made{id, {{kMark, true}}};
  }
  Result<void> remove(const Scope&, const std::string&, const json&) const override { return {}; }
};

// "Queue.Arn" as a text without the marks.
std::string plain_text(const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return "skipped-" + name;
  const std::string id = name.substr(0, dot), attribute = name.substr(dot + 1);
  if (attribute.ends_with("Arn")) return "arn:aws:skipped:::" + id;
  return "skipped-" + id + "-" + attribute;
}

// Calls `take` with each name, and gives the text with what it returns in its place.
template <class Take>
std::string each_name(const std::string& text, const Take& take) {
  std::string out;
  size_t done = 0;
  for (size_t at; (at = text.find(cfn::kLeftOut, done)) != std::string::npos;) {
    const size_t start = at + cfn::kLeftOut.size();
    const size_t end = text.find(cfn::kLeftOut, start);
    if (end == std::string::npos) break;
    out += text.substr(done, at - done) + take(text.substr(start, end - start));
    done = end + cfn::kLeftOut.size();
  }
  return out + text.substr(done);
}

void gather(const json& value, std::set<std::string>& names) {
  if (value.is_structured())
    for (const json& item : value) gather(item, names);
  else if (value.is_string())
    each_name(json_text(value), [&](std::string name) {
      names.insert(name);
      return name;
    });
}

}  // namespace

const ResourceType& skipped_type() {
  static const SkippedType type{};
  return type;
}

bool is_skipped(const ResourceType& type) { return &type == &skipped_type(); }

bool says_skipped(const json& attributes) {
  return attributes.is_object() && attributes.contains(kMark);
}

json skipped_value(const std::string& logical_id, const std::string& attribute) {
  const std::string mark(cfn::kLeftOut);
  return mark + logical_id + (attribute.empty() ? "" : "." + attribute) + mark;
}

void write_out_skipped(json& value) {
  if (value.is_structured())
    for (json& item : value) write_out_skipped(item);
  else if (value.is_string() && cfn::is_left_out(value))
    value = each_name(json_text(value), plain_text);
}

std::string skipped_names(const json& value) {
  std::set<std::string> names;
  gather(value, names);
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace kiln::stack
