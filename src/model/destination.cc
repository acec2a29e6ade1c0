#include "model/destination.h"

#include <algorithm>
#include <array>

namespace kiln::model {
namespace {

bool is_lower_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_decimal(char c) { return c >= '0' && c <= '9'; }
// [a-zA-Z0-9-]
bool is_arn_word(char c) {
  return is_lower_letter(c) || (c >= 'A' && c <= 'Z') || is_decimal(c) || c == '-';
}
bool each(std::string_view text, bool (*is)(char)) {
  return std::all_of(text.begin(), text.end(), is);
}

// -[a-z]+-\d{1}
bool is_place(std::string_view text) {
  constexpr size_t kShortest = 4;
  return text.size() >= kShortest && text.front() == '-' && text[text.size() - 2] == '-' &&
         is_decimal(text.back()) && each(text.substr(1, text.size() - 3), is_lower_letter);
}

// (eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}
bool is_destination_region(std::string_view text) {
  constexpr std::string_view kEusc = "eusc-", kGov = "-gov", kIso = "-iso";
  if (text.starts_with(kEusc)) text.remove_prefix(kEusc.size());
  if (text.size() < 2 || !each(text.substr(0, 2), is_lower_letter)) return false;
  text.remove_prefix(2);
  if (is_place(text)) return true;
  if (text.starts_with(kGov)) return is_place(text.substr(kGov.size()));
  if (!text.starts_with(kIso)) return false;
  text.remove_prefix(kIso.size());
  return is_place(text) ||
         (!text.empty() && is_lower_letter(text.front()) && is_place(text.substr(1)));
}

}  // namespace

const std::string_view kDestinationPattern =
    "$|kafka://"
    "([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-"
    "z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";

const std::string_view kServiceArnPattern =
    "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-"
    "\\d{1})?:(\\d{12})?:(.*)";

bool is_destination(std::string_view text) {
  constexpr std::string_view kKafka = "kafka://";
  constexpr size_t kMaxTopic = 249;
  if (text.empty()) return true;
  if (text.starts_with(kKafka)) {
    const std::string_view topic = text.substr(kKafka.size());
    return !topic.empty() && topic.size() <= kMaxTopic && topic.front() != '.' &&
           each(topic.substr(1), [](char c) { return is_arn_word(c) || c == '_' || c == '.'; });
  }
  return is_service_arn(text);
}

bool is_service_arn(std::string_view text) {
  constexpr std::string_view kAws = "aws";
  constexpr size_t kAccountDigits = 12;
  constexpr size_t kFields = 5;  // before what is left of an ARN
  std::array<std::string_view, kFields> fields;
  for (std::string_view& field : fields) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    field = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const auto& [arn, partition, service, region, account] = fields;
  return arn == "arn" && partition.starts_with(kAws) && each(partition, is_arn_word) &&
         !service.empty() && each(service, is_arn_word) &&
         (region.empty() || is_destination_region(region)) &&
         (account.empty() || (account.size() == kAccountDigits && each(account, is_decimal))) &&
         text.find('\n') == std::string_view::npos;
}

}  // namespace kiln::model
