#include "stack/skipped_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

class SkippedType final : public ResourceType {
 public:
  std::string_view name() const override { return ""; }
  std::span<const Property> properties() const override { return {}; }

  Result<Made> create(const Scope&, const std::string& name, const json&) const override {
    return Made{name, json::object()};
  }
  Result<Made> update(const Scope&, const std::string& id, const json&,
                      const json&) const override {
    return Made{id, json::object()};
  }
  Result<void> remove(const Scope&, const std::string&, const json&) const override { return {}; }
};

}  // namespace

const ResourceType& skipped_type() {
  static const SkippedType type{};
  return type;
}

bool is_skipped(const ResourceType& type) { return &type == &skipped_type(); }

json skipped_attribute(const std::string& logical_id, const std::string& attribute) {
  if (attribute.ends_with("Arn")) return "arn:aws:skipped:::" + logical_id;
  return "skipped-" + logical_id + "-" + attribute;
}

}  // namespace kiln::stack
