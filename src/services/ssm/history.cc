#include "services/ssm/history.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/ascii.h"
#include "base/digest.h"
#include "services/ssm/input.h"
#include "services/ssm/operations.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxLabels = 10, kMaxLabel = 100, kMaxSsmName = 2048;
constexpr int64_t kMaxHistoryPage = 50;

// Others are answered as InvalidLabels.
bool is_label(const std::string& label) {
  std::string start = label.substr(0, 3);
  for (char& c : start) c = ascii::lower(c);
  return !label.empty() && start != "aws" && start != "ssm" && !ascii::is_digit(label.front()) &&
         ascii::all(label, [](char c) { return ascii::is_word(c) || c == '.' || c == '-'; });
}

struct Labelling {
  std::string name;
  std::vector<std::string> labels;
  std::optional<int64_t> version;
};

Result<Labelling> read_labelling(const json& input, InputChecks::Need version) {
  InputChecks checks(input);
  Labelling said;
  said.name = ssm_name(checks.text("Name", 1, kMaxSsmName, InputChecks::Need::kRequired));
  said.version = checks.integer("ParameterVersion", std::numeric_limits<int64_t>::min(),
                                std::numeric_limits<int64_t>::max(), version);
  said.labels = checks.texts("Labels", kMaxLabels, InputChecks::Need::kRequired, kMaxLabel);
  if (said.labels.empty() && checks.fields().has("Labels"))
    checks.broken("Labels", "'[]'", "have length greater than or equal to 1");
  if (auto fits = ssm_checked(checks); !fits) return fits.error();
  // The name itself: no ARN, and no version or label behind it.
  if (auto fits = check_ssm_name(said.name); !fits) return fits.error();
  return said;
}

Result<size_t> version_among(const std::vector<SsmParameter>& versions,
                             std::optional<int64_t> number) {
  if (!number) return versions.size() - 1;
  for (size_t i = 0; i < versions.size(); ++i)
    if (versions[i].version == *number) return i;
  return no_such_ssm_version(std::to_string(*number), versions.back().name);
}

// The version that a token names, behind which the next page begins.
Result<int64_t> version_of_token(const std::string& token) {
  int64_t version = 0;
  if (token.empty()) return version;
  const std::string text = base64_decode(token).value_or("");
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, version);
  if (read.ec != std::errc() || read.ptr != end)
    return Error{ErrorKind::kInvalid, "InvalidNextToken", "The specified token is not valid."};
  return version;
}

}  // namespace

bool has_ssm_label(const SsmParameter& version, const std::string& label) {
  return std::find(version.labels.begin(), version.labels.end(), label) != version.labels.end();
}

Error no_such_ssm_parameter() { return {ErrorKind::kInvalid, "ParameterNotFound", ""}; }

Error no_such_ssm_version(const std::string& asked, const std::string& name) {
  return {ErrorKind::kInvalid, "ParameterVersionNotFound",
          "Systems Manager could not find version " + asked.substr(0, 100) + " of " + name +
              ". Verify the version and try again."};
}

Result<void> check_room_for_ssm_version(const std::vector<SsmParameter>& versions) {
  for (size_t i = 0; i + SsmParameters::kMostVersions <= versions.size(); ++i) {
    const SsmParameter& oldest = versions[i];
    if (oldest.labels.empty()) continue;
    return Error{ErrorKind::kInvalid, "ParameterMaxVersionLimitExceeded",
                 "You attempted to create a new version of " + oldest.name +
                     " by calling the PutParameter API with the overwrite flag. Version " +
                     std::to_string(oldest.version) +
                     ", the oldest version, can't be deleted because it has a label associated "
                     "with it. Move the label to another version of the parameter, and try again."};
  }
  return {};
}

double ssm_seconds(int64_t epoch_ms) { return static_cast<double>(epoch_ms) / 1000; }

Result<std::vector<SsmParameter>> SsmOperations::versions_of(const json& input) const {
  wire::Fields fields(input);
  const std::string name = ssm_name(fields.text("Name"));
  if (!fields.status()) return fields.status().error();
  const auto asked = look_up(name);
  if (!asked) return asked.error();
  // A history is of all versions: one of them is no parameter.
  if (!asked->selector.empty()) return no_such_ssm_parameter();
  // look_up() gives the name as it was asked for; a version has the one that it was put under.
  const auto found = parameters_.find(region_, asked->parameter.name);
  if (!found) return no_such_ssm_parameter();
  auto versions = parameters_.versions(region_, found->name);
  if (versions.empty()) return no_such_ssm_parameter();
  return versions;
}

Result<json> SsmOperations::get_parameter_history(const json& input) {
  InputChecks checks(input);
  (void)checks.text("Name", 1, kMaxSsmName, InputChecks::Need::kRequired);
  const auto size = static_cast<size_t>(
      checks.integer("MaxResults", 1, kMaxHistoryPage).value_or(kMaxHistoryPage));
  wire::Fields fields(input);
  const bool decrypts = fields.boolean("WithDecryption").value_or(false);
  const std::string token = fields.text("NextToken");
  if (!fields.status()) return fields.status().error();
  if (auto fits = ssm_checked(checks); !fits) return fits.error();
  const auto after = version_of_token(token);
  if (!after) return after.error();
  const auto versions = versions_of(input);
  if (!versions) return versions.error();
  int64_t last = 0;
  json list = json::array();
  json document = json::object();
  for (const SsmParameter& version : *versions) {
    if (version.version <= *after) continue;
    if (list.size() == size) {
      document["NextToken"] = base64_encode(std::to_string(last));
      break;
    }
    json entry = description(version);
    entry.erase("ARN");
    entry["Value"] = value_document(version, decrypts)["Value"];
    entry["Labels"] = version.labels;
    list.push_back(std::move(entry));
    last = version.version;
  }
  document["Parameters"] = std::move(list);
  return document;
}

Result<SsmOperations::Labelled> SsmOperations::read_labelled(const json& input,
                                                             InputChecks::Need version) const {
  auto said = read_labelling(input, version);
  if (!said) return said.error();
  auto versions = versions_of(input);
  if (!versions) return versions.error();
  const auto place = version_among(*versions, said->version);
  if (!place) return place.error();
  return Labelled{std::move(said->labels), std::move(*versions), *place};
}

Result<json> SsmOperations::label_parameter_version(const json& input) {
  auto labelled = read_labelled(input, InputChecks::Need::kOptional);
  if (!labelled) return labelled.error();
  SsmParameter& target = labelled->target();
  std::vector<std::string> valid, invalid;
  for (const std::string& label : labelled->labels)
    (is_label(label) ? valid : invalid).push_back(label);
  for (const std::string& label : valid)
    if (!has_ssm_label(target, label)) target.labels.push_back(label);
  if (target.labels.size() > kMaxLabels)
    return Error{ErrorKind::kInvalid, "ParameterVersionLabelLimitExceeded",
                 "A parameter version can have maximum 10 labels. Move one or more labels to "
                 "another version and try again."};
  // A label is of one version. It goes there first: a kill in between must not lose it.
  if (auto done = parameters_.put_labels(region_, target); !done) return done.error();
  for (SsmParameter& version : labelled->versions) {
    if (&version == &target) continue;
    const size_t gone = std::erase_if(version.labels, [&](const std::string& label) {
      return std::find(valid.begin(), valid.end(), label) != valid.end();
    });
    if (gone == 0) continue;
    if (auto done = parameters_.put_labels(region_, version); !done) return done.error();
  }
  return json{{"InvalidLabels", invalid}, {"ParameterVersion", target.version}};
}

Result<json> SsmOperations::unlabel_parameter_version(const json& input) {
  auto labelled = read_labelled(input, InputChecks::Need::kRequired);
  if (!labelled) return labelled.error();
  SsmParameter& target = labelled->target();
  std::vector<std::string> removed, invalid;
  for (const std::string& label : labelled->labels)
    (std::erase(target.labels, label) > 0 ? removed : invalid).push_back(label);
  if (!removed.empty())
    if (auto done = parameters_.put_labels(region_, target); !done) return done.error();
  return json{{"RemovedLabels", removed}, {"InvalidLabels", invalid}};
}

}  // namespace kiln::services
