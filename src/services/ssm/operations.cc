#include "services/ssm/operations.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/arn.h"
#include "base/word_list.h"
#include "services/ssm/filters.h"
#include "services/ssm/history.h"
#include "services/ssm/input.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxStandard = 4096, kMaxAdvanced = 8192;
constexpr const char* kDefaultKey = "alias/aws/ssm";

// As recorded: names of this kind stand for secrets, of which there are none.
constexpr std::string_view kSecretPrefix = "/aws/reference/secretsmanager/";

Error no_such_secret(const std::string& name) {
  return {ErrorKind::kInvalid, "ParameterNotFound",
          "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret " + name +
              " not found."};
}

Result<void> ssm_required(const json& input, const char* member, const char* name) {
  if (wire::Fields(input).has(member)) return {};
  return ssm_validation(std::string("1 validation error detected: Value null at '") + name +
                        "' failed to satisfy constraint: Member must not be null");
}

Result<std::string> read_name(const json& input) {
  wire::Fields fields(input);
  std::string name = ssm_name(fields.text("Name"));
  if (!fields.status()) return fields.status().error();
  if (auto there = ssm_required(input, "Name", "name"); !there) return there.error();
  if (auto fits = check_ssm_name_length(name); !fits) return fits.error();
  return name;
}

Result<void> check_value(const SsmParameter& p) {
  if (p.value.size() > kMaxAdvanced)
    return ssm_validation("The parameter's value has " + std::to_string(p.value.size()) +
                          " characters; the most are 8192 in the advanced tier.");
  if (p.tier == "Standard" && p.value.size() > kMaxStandard)
    return ssm_validation(
        "Standard tier parameters support a maximum parameter value of 4096 characters. To create "
        "a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For "
        "more information, see "
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
        "parameter-store-advanced-parameters.html");
  if (p.allowed_pattern.empty()) return {};
  RE2::Options quiet;
  quiet.set_log_errors(false);
  const RE2 pattern(p.allowed_pattern, quiet);
  if (!pattern.ok())
    return Error{
        ErrorKind::kInvalid, "InvalidAllowedPatternException",
        "The allowed pattern '" + p.allowed_pattern + "' is not valid: " + pattern.error()};
  if (!RE2::FullMatch(p.value, pattern))
    return Error{
        ErrorKind::kInvalid, "ParameterPatternMismatchException",
        "Parameter value, cannot be validated against allowedPattern: " + p.allowed_pattern};
  return {};
}

}  // namespace

SsmOperations::Operation SsmOperations::operation_of(const std::string& name) {
  using Self = SsmOperations;
  static const std::map<std::string, Operation> kOperations = {
      {"PutParameter", &Self::put_parameter},
      {"GetParameter", &Self::get_parameter},
      {"GetParameters", &Self::get_parameters},
      {"GetParametersByPath", &Self::get_parameters_by_path},
      {"DeleteParameter", &Self::delete_parameter},
      {"DeleteParameters", &Self::delete_parameters},
      {"DescribeParameters", &Self::describe_parameters},
      {"AddTagsToResource", &Self::add_tags},
      {"RemoveTagsFromResource", &Self::remove_tags},
      {"ListTagsForResource", &Self::list_tags},
      {"GetParameterHistory", &Self::get_parameter_history},
      {"LabelParameterVersion", &Self::label_parameter_version},
      {"UnlabelParameterVersion", &Self::unlabel_parameter_version},
  };
  const auto found = kOperations.find(name);
  return found == kOperations.end() ? nullptr : found->second;
}

Result<json> SsmOperations::run(const std::string& operation, const json& input) {
  const Operation function = operation_of(operation);
  if (function == nullptr)
    return Error{ErrorKind::kInvalid, "UnknownOperationException",
                 "Kiln's SSM has no operation " + operation +
                     "; docs/compatibility.md lists what there is."};
  return (this->*function)(input);
}

std::string SsmOperations::arn(const std::string& name) const {
  return arn_start("ssm", region_) + account_ + ":parameter" + (name.starts_with('/') ? "" : "/") +
         name;
}

json SsmOperations::value_document(const SsmParameter& p, bool decrypts) const {
  const bool hidden = p.type == "SecureString" && !decrypts;
  return {{"Name", p.name},
          {"Type", p.type},
          {"Value", hidden ? "kms:" + p.key_id + ":" + p.value : p.value},
          {"Version", p.version},
          {"LastModifiedDate", ssm_seconds(p.modified_ms)},
          {"ARN", arn(p.name)},
          {"DataType", p.data_type}};
}

json SsmOperations::asked_document(const Asked& asked, bool decrypts) const {
  json document = value_document(asked.parameter, decrypts);
  if (!asked.selector.empty()) document["Selector"] = asked.selector;
  return document;
}

json SsmOperations::description(const SsmParameter& p) const {
  json document = {{"Name", p.name},
                   {"ARN", arn(p.name)},
                   {"Type", p.type},
                   {"LastModifiedDate", ssm_seconds(p.modified_ms)},
                   {"LastModifiedUser", global_arn_start("iam", region_) + account_ + ":root"},
                   {"Version", p.version},
                   {"Tier", p.tier},
                   {"Policies", json::array()},
                   {"DataType", p.data_type}};
  if (!p.description.empty()) document["Description"] = p.description;
  if (!p.allowed_pattern.empty()) document["AllowedPattern"] = p.allowed_pattern;
  if (!p.key_id.empty()) document["KeyId"] = p.key_id;
  return document;
}

Result<SsmOperations::Asked> SsmOperations::look_up(const std::string& given) const {
  std::string name = given;
  if (is_arn_of(name, "ssm")) {
    const std::string prefix = arn("/");
    if (!name.starts_with(prefix)) return no_such_ssm_parameter();
    name = name.substr(prefix.size() - 1);
    // An ARN does not say whether the name begins with a slash.
    if (!parameters_.find(region_, name.substr(0, name.find(':')))) name = name.substr(1);
  }
  const size_t colon = name.find(':');
  const std::string bare = name.substr(0, colon);
  // Names of secrets have other characters.
  if (auto fits = check_asked_ssm_name(bare); !fits && !name.starts_with(kSecretPrefix))
    return fits.error();
  auto found = parameters_.find(region_, bare);
  if (!found && name.starts_with(kSecretPrefix)) return no_such_secret(name);
  if (!found) return no_such_ssm_parameter();
  Asked asked{std::move(*found), colon == std::string::npos ? "" : name.substr(colon)};
  if (!asked.selector.empty()) {
    const std::string wanted = asked.selector.substr(1);
    auto versions = parameters_.versions(region_, asked.parameter.name);
    const auto meant =
        std::find_if(versions.begin(), versions.end(), [&](const SsmParameter& version) {
          return wanted == std::to_string(version.version) || has_ssm_label(version, wanted);
        });
    if (meant == versions.end()) return no_such_ssm_version(wanted, bare);
    asked.parameter = std::move(*meant);
  }
  // With or without a slash at its beginning, as it was asked for.
  if (name == given) asked.parameter.name = bare;
  return asked;
}

Result<json> SsmOperations::put_parameter(const json& input) {
  if (auto valid = check_put_ssm_members(input); !valid) return valid.error();
  wire::Fields fields(input);
  const std::string name = ssm_name(fields.text("Name"));
  if (auto valid = check_ssm_name(name); !valid) return valid.error();
  const auto before = parameters_.find(region_, name);
  SsmParameter p = before.value_or(SsmParameter{});
  p.name = name;
  const std::string type = fields.text("Type", before ? p.type : "");
  p.value = fields.text("Value");
  p.description = fields.text("Description", p.description);
  p.allowed_pattern = fields.text("AllowedPattern", p.allowed_pattern);
  p.tier = fields.text("Tier", p.tier);
  p.data_type = fields.text("DataType", p.data_type);
  const std::string key = fields.text("KeyId", p.key_id.empty() ? kDefaultKey : p.key_id);
  const bool overwrites = fields.boolean("Overwrite").value_or(false);
  const bool has_tags = !fields.list("Tags").empty();
  const bool has_policies = !fields.text("Policies").empty();
  if (!fields.status()) return fields.status().error();
  if (type.empty())
    return ssm_validation("A parameter type is required when you create a parameter.");
  const bool was_advanced = before && before->tier == "Advanced";
  if (p.tier == "Intelligent-Tiering")
    p.tier = was_advanced || p.value.size() > kMaxStandard ? "Advanced" : "Standard";
  if (!is_listed("text|aws:ec2:image|aws:ssm:integration", "|", p.data_type))
    return ssm_validation("The following data type is not supported: " + p.data_type +
                          " (Data type names are all lowercase.)");
  if (fields.has("KeyId") && type != "SecureString")
    return ssm_validation("KeyId is required for SecureString type parameter only.");
  if (const size_t open = p.value.find("{{");
      open != std::string::npos && p.value.find("}}", open) != std::string::npos)
    return ssm_validation(
        "Parameter value can't nest another parameter. Do not use \"{{}}\" in the value: " +
        p.value);
  if (has_policies)
    return Error{ErrorKind::kInvalid, "InvalidPolicyTypeException",
                 "Kiln has no parameter policies (Policies): nothing would expire or notify."};
  if (has_tags && overwrites)
    return ssm_validation(
        "Invalid request: tags and overwrite can't be used together. To create a parameter with "
        "tags, please remove overwrite flag. To update tags for an existing parameter, please use "
        "AddTagsToResource or RemoveTagsFromResource.");
  if (before && !overwrites)
    return Error{ErrorKind::kInvalid, "ParameterAlreadyExists",
                 "The parameter already exists. To overwrite this value, set the overwrite option "
                 "in the request to true."};
  if (was_advanced && p.tier == "Standard")
    return ssm_validation(
        "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
        "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the "
        "advanced parameter and recreate it as a standard parameter.");
  if (auto valid = check_value(p); !valid) return valid.error();
  auto tags = read_ssm_tags(input);
  if (!tags) return tags.error();
  if (has_tags) p.tags = std::move(*tags);
  if (before)
    if (auto room = check_room_for_ssm_version(parameters_.versions(region_, before->name)); !room)
      return room.error();
  p.labels.clear();
  p.type = type;
  p.key_id = type == "SecureString" ? key : "";
  p.version = before ? before->version + 1 : 1;
  p.modified_ms = epoch_ms(now_);
  if (auto done = parameters_.put(region_, p); !done) return done.error();
  return json{{"Version", p.version}, {"Tier", p.tier}};
}

Result<json> SsmOperations::get_parameter(const json& input) {
  auto name = read_name(input);
  if (!name) return name.error();
  wire::Fields fields(input);
  const bool decrypts = fields.boolean("WithDecryption").value_or(false);
  if (!fields.status()) return fields.status().error();
  auto found = look_up(*name);
  if (!found) return found.error();
  return json{{"Parameter", asked_document(*found, decrypts)}};
}

Result<json> SsmOperations::get_parameters(const json& input) {
  auto names = read_ssm_names(input);
  if (!names) return names.error();
  wire::Fields fields(input);
  const bool decrypts = fields.boolean("WithDecryption").value_or(false);
  if (!fields.status()) return fields.status().error();
  json found = json::array(), missing = json::array();
  for (const std::string& name : *names) {
    if (const auto parameter = look_up(name))
      found.push_back(asked_document(*parameter, decrypts));
    else if (parameter.error().type == "ValidationException")
      return parameter.error();
    else
      missing.push_back(name);
  }
  return json{{"Parameters", std::move(found)}, {"InvalidParameters", std::move(missing)}};
}

Result<json> SsmOperations::get_parameters_by_path(const json& input) {
  wire::Fields fields(input);
  std::string path = fields.text("Path");
  const bool recursive = fields.boolean("Recursive").value_or(false);
  const bool decrypts = fields.boolean("WithDecryption").value_or(false);
  if (!fields.status()) return fields.status().error();
  if (auto valid = check_ssm_path(path); !valid) return valid.error();
  if (!path.ends_with('/')) path += '/';
  auto all = parameters_.list(region_, path);
  if (!recursive)
    std::erase_if(all, [&](const SsmParameter& p) {
      return p.name.find('/', path.size()) != std::string::npos;
    });
  auto filtered =
      ssm_filtered(input, FilteredBy::kPath, std::move(all),
                   [this](const SsmParameter& p) { return parameters_.versions(region_, p.name); });
  if (!filtered) return filtered.error();
  auto page = ssm_page(input, std::move(*filtered), 10, 10);
  if (!page) return page.error();
  json document = {{"Parameters", json::array()}};
  for (const SsmParameter& p : page->items)
    document["Parameters"].push_back(value_document(p, decrypts));
  if (!page->next_token.empty()) document["NextToken"] = page->next_token;
  return document;
}

Result<json> SsmOperations::delete_parameter(const json& input) {
  auto name = read_name(input);
  if (!name) return name.error();
  const auto gone = parameters_.erase(region_, {*name});
  if (!gone) return gone.error();
  if (gone->empty()) return no_such_ssm_parameter();
  return json::object();
}

Result<json> SsmOperations::delete_parameters(const json& input) {
  auto names = read_ssm_names(input);
  if (!names) return names.error();
  const auto erased = parameters_.erase(region_, *names);
  if (!erased) return erased.error();
  json gone = json::array(), missing = json::array();
  for (const std::string& name : *names) (erased->contains(name) ? gone : missing).push_back(name);
  return json{{"DeletedParameters", std::move(gone)}, {"InvalidParameters", std::move(missing)}};
}

Result<json> SsmOperations::describe_parameters(const json& input) {
  auto filtered = ssm_filtered(input, FilteredBy::kDescribe, parameters_.list(region_, ""),
                               [](const SsmParameter& p) { return std::vector{p}; });
  if (!filtered) return filtered.error();
  auto page = ssm_page(input, std::move(*filtered), 10, 50);
  if (!page) return page.error();
  json document = {{"Parameters", json::array()}};
  for (const SsmParameter& p : page->items) document["Parameters"].push_back(description(p));
  if (!page->next_token.empty()) document["NextToken"] = page->next_token;
  return document;
}

Result<SsmParameter> SsmOperations::tagged(const json& input) const {
  wire::Fields fields(input);
  const std::string type = fields.text("ResourceType"), id = fields.text("ResourceId");
  if (!fields.status()) return fields.status().error();
  if (type != "Parameter")
    return Error{ErrorKind::kInvalid, "InvalidResourceType",
                 "Kiln's SSM has parameters alone: ResourceType is Parameter, not '" +
                     type.substr(0, 100) + "'."};
  auto found = parameters_.find(region_, id);
  if (!found)
    return Error{
        ErrorKind::kInvalid, "InvalidResourceId",
        "The resource ID \"" + id.substr(0, 300) + "\" is not valid. Verify the ID and try again."};
  return std::move(*found);
}

Result<json> SsmOperations::add_tags(const json& input) {
  if (auto there = ssm_required(input, "Tags", "tags"); !there) return there.error();
  auto tags = read_ssm_tags(input);
  if (!tags) return tags.error();
  auto parameter = tagged(input);
  if (!parameter) return parameter.error();
  for (auto& [key, value] : *tags) parameter->tags[key] = std::move(value);
  if (auto done = parameters_.put(region_, *parameter); !done) return done.error();
  return json::object();
}

Result<json> SsmOperations::remove_tags(const json& input) {
  if (auto there = ssm_required(input, "TagKeys", "tagKeys"); !there) return there.error();
  wire::Fields fields(input);
  const auto keys = fields.texts("TagKeys");
  if (!fields.status()) return fields.status().error();
  for (const std::string& key : keys)
    if (auto fits = check_ssm_tag_key(key, "tagKeys"); !fits) return fits.error();
  auto parameter = tagged(input);
  if (!parameter) return parameter.error();
  for (const std::string& key : keys) parameter->tags.erase(key);
  if (auto done = parameters_.put(region_, *parameter); !done) return done.error();
  return json::object();
}

Result<json> SsmOperations::list_tags(const json& input) {
  auto parameter = tagged(input);
  if (!parameter) return parameter.error();
  json list = json::array();
  for (const auto& [key, value] : parameter->tags) list.push_back({{"Key", key}, {"Value", value}});
  return json{{"TagList", std::move(list)}};
}

}  // namespace kiln::services
