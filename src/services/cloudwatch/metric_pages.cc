#include "services/cloudwatch/metric_pages.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/json_access.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using telemetry::MetricKey;

Error unknown_token() {
  return {ErrorKind::kInvalid, "InvalidNextToken", "NextToken is not one that was returned."};
}

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

// [NAMESPACE, NAME, DIMENSION'S NAME, ITS VALUE, …] in base64, so that nobody counts on its form.
std::string metric_token(const MetricKey& shown) {
  json texts = {shown.metric_namespace, shown.name};
  for (const auto& [name, value] : shown.dimensions) {
    texts.push_back(name);
    texts.push_back(value);
  }
  return base64_encode(json_dump(texts));
}

Result<std::optional<MetricKey>> read_metric_token(const std::string& token,
                                                   const std::string& region) {
  if (token.empty()) return std::optional<MetricKey>();
  const json texts = json_parse(base64_decode(token).value_or(""));
  if (!texts.is_array() || texts.size() < 2 || texts.size() % 2 != 0) return unknown_token();
  for (const json& text : texts)
    if (!text.is_string()) return unknown_token();
  MetricKey key{region, json_text(texts[0]), json_text(texts[1]), {}};
  for (size_t i = 2; i < texts.size(); i += 2)
    key.dimensions.emplace_back(json_text(texts[i]), json_text(texts[i + 1]));
  return std::optional(std::move(key));
}

// "RESULT/TIME" in base64.
std::string point_token(const PointPlace& shown) {
  return base64_encode(std::to_string(shown.result) + "/" + std::to_string(shown.time_s));
}

Result<std::optional<PointPlace>> read_point_token(const std::string& token) {
  if (token.empty()) return std::optional<PointPlace>();
  const std::string text = base64_decode(token).value_or("");
  const std::string_view all = text;
  const size_t slash = all.find('/');
  PointPlace place;
  if (slash == all.npos || !read_number(all.substr(0, slash), place.result) ||
      !read_number(all.substr(slash + 1), place.time_s))
    return unknown_token();
  return std::optional(place);
}

}  // namespace kiln::services
