// What the describing operations of Application Auto Scaling answer.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/digest.h"
#include "scaling/scaling_error.h"
#include "services/autoscaling/documents.h"
#include "services/autoscaling/input.h"
#include "services/autoscaling/operations.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using scaling::ScalingBook;
using Need = InputChecks::Need;

constexpr int64_t kMaxResults = 50;
constexpr size_t kMaxPolicies = 10;
constexpr size_t kMaxNames = 50;

// A dimension begins with its service's name.
Result<void> check_kind(const std::string& service, const std::string& dimension) {
  if (dimension.empty() || dimension == scaling::kScalableDimension) {
    if (dimension.empty() || service == scaling::kServiceNamespace) return {};
  } else if (service != scaling::kServiceNamespace && dimension.starts_with(service + ":")) {
    return {};
  }
  return scaling::validation_error(
      "Unsupported service namespace, resource type or scalable dimension");
}

Error bad_token() {
  return {ErrorKind::kInvalid, "InvalidNextTokenException",
          "The NextToken is not one that this operation has given."};
}

bool lists(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

// What all describing operations are asked with.
struct Question {
  bool of_lambda = true;  // else nothing is found
  std::string resource;   // "" = all
  std::vector<std::string> names;
  size_t most = 0;
  std::string after;  // what the token holds; "" = from the start

  // `names`: the member with a list of names; `what` tells the tokens of operations apart.
  static Result<Question> read(const json& input, const char* names, const std::string& what) {
    InputChecks checks(input);
    Question out;
    const std::string service = check_service_namespace(checks);
    const std::string dimension = check_scalable_dimension(checks, Need::kOptional);
    out.resource = checks.text("ResourceId", 1, kMaxScalingText);
    if (names) out.names = checks.texts(names, kMaxNames, Need::kOptional, kMaxScalingText);
    out.most = static_cast<size_t>(checks.integer("MaxResults", 1, kMaxResults).value_or(50));
    const std::string token = checks.fields().text("NextToken");
    if (const auto checked = scaling_checked(checks); !checked) return checked.error();
    if (const auto kind = check_kind(service, dimension); !kind) return kind.error();
    out.of_lambda = service == scaling::kServiceNamespace &&
                    (dimension.empty() || dimension == scaling::kScalableDimension);
    if (token.empty()) return out;
    const auto text = base64_decode(token);
    if (!text || !text->starts_with(what) || text->size() == what.size()) return bad_token();
    out.after = text->substr(what.size());
    return out;
  }
};

// What tokens hold of a key. No half of a key has a line break.
std::string key_text(const std::string& key) { return key; }
std::string key_text(const ScalingBook::Key& key) { return key.first + "\n" + key.second; }

void parse_key(const std::string& text, std::string& key) { key = text; }
void parse_key(const std::string& text, ScalingBook::Key& key) {
  const size_t line = text.find('\n');
  key = {text.substr(0, line), line == text.npos ? "" : text.substr(line + 1)};
}

// The entries of a map behind the token that `wanted` lets through, as documents.
template <class Map, class Wanted, class Document>
json page(const Map& map, const Question& question, const char* list, const std::string& what,
          const Wanted& wanted, const Document& document) {
  json out{{list, json::array()}};
  if (!question.of_lambda) return out;
  auto entry = map.begin();
  if (!question.after.empty()) {
    typename Map::key_type after;
    parse_key(question.after, after);
    entry = map.upper_bound(after);
  }
  std::string last;
  for (; entry != map.end(); ++entry) {
    if (!wanted(entry->second)) continue;
    if (out[list].size() == question.most) {
      out["NextToken"] = base64_encode(what + last);
      break;
    }
    out[list].push_back(document(entry->second));
    last = key_text(entry->first);
  }
  return out;
}

}  // namespace

Result<json> ApplicationAutoScaling::describe_scalable_targets(const Call& call) {
  const auto question = Question::read(call.input, "ResourceIds", "targets:");
  if (!question) return question.error();
  return page(
      book_.targets(call.region), *question, "ScalableTargets", "targets:",
      [&](const scaling::Target& each) { return lists(question->names, each.resource.text()); },
      target_document);
}

Result<json> ApplicationAutoScaling::describe_scaling_policies(const Call& call) {
  auto question = Question::read(call.input, "PolicyNames", "policies:");
  if (!question) return question.error();
  question->most = std::min(question->most, kMaxPolicies);
  return page(
      book_.policies(call.region), *question, "ScalingPolicies", "policies:",
      [&](const scaling::Policy& each) {
        return lists(question->names, each.name) &&
               (question->resource.empty() || question->resource == each.resource.text());
      },
      [&](const scaling::Policy& each) {
        json out = policy_document(each);
        out["Alarms"] = alarms_document(call, each);
        return out;
      });
}

Result<json> ApplicationAutoScaling::describe_scheduled_actions(const Call& call) {
  const auto question = Question::read(call.input, "ScheduledActionNames", "actions:");
  if (!question) return question.error();
  return page(
      book_.actions(call.region), *question, "ScheduledActions", "actions:",
      [&](const scaling::ScheduledAction& each) {
        return lists(question->names, each.name) &&
               (question->resource.empty() || question->resource == each.resource.text());
      },
      action_document);
}

Result<json> ApplicationAutoScaling::describe_scaling_activities(const Call& call) {
  const std::string what = "activities:";
  const auto question = Question::read(call.input, nullptr, what);
  if (!question) return question.error();
  InputChecks checks(call.input);
  const bool all = checks.fields().boolean("IncludeNotScaledActivities").value_or(false);
  if (const auto checked = scaling_checked(checks); !checked) return checked.error();
  json out{{"ScalingActivities", json::array()}};
  if (!question->of_lambda) return out;
  std::vector<const scaling::Activity*> found;
  for (const std::string& resource : book_.activities().resources(call.region)) {
    if (!question->resource.empty() && question->resource != resource) continue;
    for (const scaling::Activity& each : book_.activities().of(call.region, resource))
      if (all || each.is_scaling()) found.push_back(&each);
  }
  // Newest first.
  std::sort(found.begin(), found.end(),
            [](const auto* a, const auto* b) { return a->number > b->number; });
  auto next = found.begin();
  if (!question->after.empty()) {
    // By its number, as the activity itself may be gone meanwhile.
    uint64_t shown = 0;
    const char* const end = question->after.data() + question->after.size();
    const auto read = std::from_chars(question->after.data(), end, shown);
    if (read.ec != std::errc() || read.ptr != end) return bad_token();
    next = std::find_if(found.begin(), found.end(),
                        [&](const auto* each) { return each->number < shown; });
  }
  json& list = out["ScalingActivities"];
  for (; next != found.end() && list.size() < question->most; ++next)
    list.push_back(activity_document(**next));
  if (next != found.end())
    out["NextToken"] = base64_encode(what + std::to_string((*std::prev(next))->number));
  return out;
}

}  // namespace kiln::services
