#include "services/cloudwatch/dashboards.h"

#include <algorithm>

#include "base/arn.h"
#include "base/ascii.h"
#include "base/digest.h"
#include "base/json_access.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

Error invalid_dashboard(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterInput", std::move(message)};
}
Error not_found(const std::string& name) {
  return {ErrorKind::kNotFound, "ResourceNotFound", "Dashboard " + name + " does not exist"};
}

Error missing_parameter(const char* name) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException",
          "The parameter " + std::string(name) + " is required."};
}

// What the tokens of ListDashboards hold before the name that the page ended with.
constexpr std::string_view kTokenOf = "dashboard:";
constexpr size_t kMaxDashboards = 1000;

// How much larger AWS says a dashboard is than its body's text, in the one recording that there is.
constexpr size_t kBesideBody = 15;

bool is_name(const std::string& name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return ascii::is_alnum(c) || c == '-' || c == '_';
  });
}

}  // namespace

void CloudWatchDashboards::load(const std::string& region, const std::string& name,
                                const std::string& text) {
  const json document = json_parse(text);
  if (!document.is_object()) return;
  wire::Fields in(document);
  regions_[region][name] = {in.text("body"), in.number("modified_s").value_or(0)};
}

bool CloudWatchDashboards::has(const std::string& operation) {
  return operation == "PutDashboard" || operation == "GetDashboard" ||
         operation == "ListDashboards" || operation == "DeleteDashboards";
}

// Dashboards belong to no Region on AWS; here each Region's are apart.
std::string CloudWatchDashboards::arn(const std::string& region, const std::string& name) const {
  return global_arn_start("cloudwatch", region) + account_ + ":dashboard/" + name;
}

Result<json> CloudWatchDashboards::run(const std::string& operation, const json& input,
                                       const std::string& region, WallTime now) {
  wire::Fields in(input);
  auto& dashboards = regions_[region];
  const std::string name = in.text("DashboardName"), body = in.text("DashboardBody");
  const std::string prefix = in.text("DashboardNamePrefix");
  const std::string token = in.text("NextToken");
  const auto names = in.texts("DashboardNames");
  if (!in.status()) return in.status().error();
  const bool of_one = operation == "PutDashboard" || operation == "GetDashboard";
  if (of_one && !in.has("DashboardName")) return missing_parameter("DashboardName");
  if (operation == "PutDashboard") {
    if (!in.has("DashboardBody")) return missing_parameter("DashboardBody");
    if (!is_name(name))
      return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                   "The value for field DashboardName contains invalid characters. It can only "
                   "contain alphanumerics, dash (-) and underscore (_).\n"};
    const json document = json_parse(body);
    if (!document.is_object() || !document.contains("widgets"))
      return invalid_dashboard(
          "The field DashboardBody must be a valid JSON object with a member widgets");
    Dashboard dashboard{body, static_cast<double>(epoch_ms(now)) / 1000};
    const json kept = {{"body", body}, {"modified_s", dashboard.modified_s}};
    if (auto saved = port_.save(kKind, region, name, json_dump(kept)); !saved) return saved.error();
    dashboards[name] = std::move(dashboard);
    return json{{"DashboardValidationMessages", json::array()}};
  }
  if (operation == "GetDashboard") {
    const auto found = dashboards.find(name);
    if (found == dashboards.end()) return not_found(name);
    return json{{"DashboardArn", arn(region, name)},
                {"DashboardBody", found->second.body},
                {"DashboardName", name}};
  }
  if (operation == "DeleteDashboards") {
    if (names.empty()) return missing_parameter("DashboardNames");
    // All or none.
    for (const std::string& each : names)
      if (!dashboards.contains(each)) return not_found(each);
    std::vector<StatePort::Place> places;
    for (const std::string& each : names) places.push_back({kKind, region, each});
    if (auto erased = port_.erase_all(places); !erased) return erased.error();
    for (const std::string& each : names) dashboards.erase(each);
    return json::object();
  }
  std::string after = token.empty() ? "" : base64_decode(token).value_or("");
  if (!token.empty() && !after.starts_with(kTokenOf))
    return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                 "The value " + token.substr(0, 100) + " for parameter NextToken is invalid."};
  if (!after.empty()) after.erase(0, kTokenOf.size());
  json list = json::array();
  json output = json::object();
  std::string last;
  for (auto each = dashboards.upper_bound(after); each != dashboards.end(); ++each) {
    if (!each->first.starts_with(prefix)) continue;
    if (list.size() == kMaxDashboards) {
      output["NextToken"] = base64_encode(std::string(kTokenOf) + last);
      break;
    }
    last = each->first;
    list.push_back({{"DashboardArn", arn(region, last)},
                    {"DashboardName", last},
                    {"LastModified", each->second.modified_s},
                    {"Size", each->second.body.size() + kBesideBody}});
  }
  output["DashboardEntries"] = std::move(list);
  return output;
}

}  // namespace kiln::services
