#include "cli/tune_settings.h"

#include <algorithm>

#include "base/json.h"
#include "cli/usage.h"
#include "cli/usage_error.h"

namespace kiln::cli {
namespace {

constexpr int64_t kLeastMb = 128, kMostMb = 10'240;
constexpr size_t kMostSizes = 100;

// {"payload": …, "weight": N}: aws-lambda-power-tuning's form.
Result<std::vector<tune::WeightedPayload>> read_weighted(const Json& list) {
  std::vector<tune::WeightedPayload> found;
  for (const Json& item : list) {
    const double weight = item.number_or("weight", 1);
    if (!item.contains("payload") || !(weight > 0))
      return usage("each weighted payload has a \"payload\" and a \"weight\" above 0");
    found.push_back({item["payload"].to_text(), weight});
  }
  if (found.empty()) return usage("the list of payloads is empty");
  return found;
}

}  // namespace

Result<std::vector<int64_t>> parse_sizes(const std::string& text) {
  const CLI::Validator fits = megabytes_between(kLeastMb, kMostMb);
  std::vector<int64_t> sizes;
  std::string_view rest = text;
  while (true) {
    const std::string_view one = rest.substr(0, rest.find(','));
    std::string megabytes(one);
    if (const std::string wrong = fits(megabytes); !wrong.empty())
      return usage("a size in --sizes " + wrong);
    sizes.push_back(std::stoll(megabytes));
    if (one.size() == rest.size()) break;
    rest.remove_prefix(one.size() + 1);
  }
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  if (sizes.size() > kMostSizes)
    return usage("more than " + std::to_string(kMostSizes) + " sizes; name fewer");
  return sizes;
}

Result<std::vector<tune::WeightedPayload>> parse_payloads(const std::string& text) {
  if (const Json whole = Json::parse_or_null(text);
      whole.is_array() && !whole.empty() && whole[0].is_object() && whole[0].contains("payload"))
    return read_weighted(whole);
  std::vector<tune::WeightedPayload> found;
  size_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (!Json::parse(line)) {
      return usage("line " + std::to_string(number) +
                   " of the payloads is not JSON; each line is one payload");
    }
    found.push_back({line, 1});
  }
  if (found.empty()) return usage("there is no payload in the file");
  return found;
}

}  // namespace kiln::cli
