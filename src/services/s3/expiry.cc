#include "services/s3/expiry.h"

#include <optional>
#include <pugixml.hpp>

#include "base/time_format.h"
#include "services/s3/least_size.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

constexpr int64_t kDayMs = 24LL * 60 * 60 * 1000;
constexpr int64_t kMostDays = 1'000'000;

// One element of a rule's Filter, or of its And; an older rule has its Prefix beside them.
bool holds(const pugi::xml_node condition, const store::Object& object,
           const ObjectDocument& document) {
  const std::string_view name = condition.name();
  if (name == "Prefix") return object.key.starts_with(condition.text().get());
  if (name == "ObjectSizeGreaterThan") return object.size > condition.text().as_llong();
  if (name == "ObjectSizeLessThan") return object.size < condition.text().as_llong();
  if (name != "Tag") return true;
  const auto tag = document.tags.find(condition.child("Key").text().get());
  return tag != document.tags.end() && tag->second == condition.child("Value").text().get();
}

bool is_for(const pugi::xml_node rule, const store::Object& object,
            const ObjectDocument& document) {
  if (std::string_view(rule.child("Status").text().get()) != "Enabled") return false;
  const pugi::xml_node filter = rule.child("Filter");
  for (const pugi::xml_node conditions : {filter, filter.child("And")})
    for (const pugi::xml_node condition : conditions.children())
      if (!holds(condition, object, document)) return false;
  return !rule.child("Prefix") || holds(rule.child("Prefix"), object, document);
}

// AWS rounds up to the next midnight. nullopt also for an end beyond the year 4,700.
std::optional<int64_t> end_ms(const pugi::xml_node expiration, int64_t modified_ms) {
  if (const int64_t days = expiration.child("Days").text().as_llong(); days > 0)
    return days <= kMostDays ? std::optional((modified_ms / kDayMs + days + 1) * kDayMs)
                             : std::nullopt;
  std::string date = expiration.child("Date").text().get();
  if (date.empty()) return std::nullopt;
  if (date.find('T') == date.npos) date += "T00:00:00Z";
  const auto seconds = parse_iso_time(date);
  return seconds ? std::optional(static_cast<int64_t>(*seconds) * 1000) : std::nullopt;
}

}  // namespace

std::string expiry_of(const std::string& lifecycle, const store::Object& object,
                      const ObjectDocument& document) {
  pugi::xml_document parsed;
  if (!parsed.load_buffer(lifecycle.data(), lifecycle.size())) return {};
  std::optional<int64_t> first;
  std::string id;
  for (const pugi::xml_node rule : parsed.child("LifecycleConfiguration").children("Rule")) {
    const auto end = end_ms(rule.child("Expiration"), object.modified_ms);
    const bool counts = end && rule.child("ID") && is_for(rule, object, document);
    if (!counts || (first && *first <= *end)) continue;
    first = end;
    id = rule.child("ID").text().get();
  }
  if (!first) return {};
  return "expiry-date=\"" + http_time(*first) + "\", rule-id=\"" + wire::percent_encode(id) + '"';
}

void add_expiry(const S3Call& call, const store::Object& object, const ObjectDocument& document,
                net::Response& response) {
  auto lifecycle = call.objects.bucket_document(call.address.bucket, "lifecycle");
  if (!lifecycle || lifecycle->empty()) return;
  take_least_size(*lifecycle);
  if (std::string value = expiry_of(*lifecycle, object, document); !value.empty())
    response.headers.emplace_back("x-amz-expiration", std::move(value));
}

}  // namespace kiln::services
