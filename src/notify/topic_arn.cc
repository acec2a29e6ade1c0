#include "notify/topic_arn.h"

#include "base/arn.h"

namespace kiln::notify {

std::optional<TopicArn> TopicArn::parse(std::string_view text) {
  constexpr std::string_view kService = ":sns:";
  if (!is_arn_of(text, "sns")) return std::nullopt;
  text.remove_prefix(text.find(kService) + kService.size());
  const size_t first = text.find(':');
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  const size_t second = text.find(':', first + 1);
  if (second == std::string_view::npos || second == first + 1) return std::nullopt;
  const std::string_view name = text.substr(second + 1);
  if (name.empty() || name.find(':') != std::string_view::npos) return std::nullopt;
  return TopicArn{std::string(text.substr(0, first)),
                  std::string(text.substr(first + 1, second - first - 1)), std::string(name)};
}

std::string TopicArn::text() const { return arn_start("sns", region) + account + ":" + name; }

}  // namespace kiln::notify
