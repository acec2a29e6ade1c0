// What a scalable target of Lambda is called: "function:NAME:ALIAS_OR_VERSION". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kiln::scaling {

struct ResourceId {
  std::string function_name;
  std::string qualifier;

  // nullopt: of another form, or $LATEST, which has no provisioned concurrency.
  static std::optional<ResourceId> parse(std::string_view text);
  std::string text() const;
};

}  // namespace kiln::scaling
