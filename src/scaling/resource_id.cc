#include "scaling/resource_id.h"

namespace kiln::scaling {

std::optional<ResourceId> ResourceId::parse(std::string_view text) {
  constexpr std::string_view kPrefix = "function:";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view qualifier = text.substr(colon + 1);
  if (qualifier.empty() || qualifier == "$LATEST" || qualifier.find(':') != std::string_view::npos)
    return std::nullopt;
  return ResourceId{std::string(text.substr(0, colon)), std::string(qualifier)};
}

std::string ResourceId::text() const { return "function:" + function_name + ":" + qualifier; }

}  // namespace kiln::scaling
