#include "stack/dynamic_reference.h"

#include <algorithm>

#include "base/ascii.h"

namespace kiln::stack {
namespace {

constexpr std::string_view kSecure = "{{resolve:ssm-secure:";

// Names of parameters have no colon: what follows one is a version.
bool has_label(const std::string& reference) {
  const size_t colon = reference.find(':');
  return colon != std::string::npos &&
         (colon + 1 == reference.size() ||
          !std::all_of(reference.begin() + static_cast<std::ptrdiff_t>(colon) + 1, reference.end(),
                       ascii::is_digit));
}

void find_secure(const cfn::Node& node, const std::string& path, std::vector<std::string>& out) {
  if (node.is_text() && node.text.find(kSecure) != std::string::npos) out.push_back(path);
  for (size_t i = 0; i < node.list.size(); ++i)
    find_secure(node.list[i], path + "/" + std::to_string(i), out);
  for (const cfn::Member& member : node.map)
    // What a function makes stands where the function does.
    find_secure(member.value, member.name.starts_with("Fn::") ? path : path + "/" + member.name,
                out);
}

}  // namespace

Result<std::string> resolve_dynamic(const std::string& service, const std::string& reference,
                                    Wish::Unsupported unsupported, const cfn::SsmLookup& lookup) {
  const auto refuse = [](std::string message) {
    return Error{ErrorKind::kInvalid, "ValidationError", std::move(message)};
  };
  const bool secure = service == "ssm-secure";
  if ((service == "ssm" || secure) && has_label(reference))
    return refuse("Incorrect format is used in the following SSM reference: [{{resolve:" + service +
                  ":" + reference + "}}]");
  if (service == "ssm") {
    const auto found = lookup ? lookup(reference) : std::nullopt;
    if (!found) return refuse("Parameters: [ssm:" + reference + "] cannot be found.");
    if (found->type != "SecureString") return found->value;
    return refuse("Non-secure ssm prefix was used for secure parameter " +
                  reference.substr(0, reference.find(':')));
  }
  if ((secure || service == "secretsmanager") && unsupported == Wish::Unsupported::kSkip)
    return "skipped-" + service;
  if (secure)
    return refuse("SSM Secure reference is not supported in: [{{resolve:ssm-secure:" + reference +
                  "}}]");
  if (service == "secretsmanager")
    return refuse("Dynamic reference {{resolve:" + service + ":" + reference +
                  "}} can't be resolved: Secrets Manager is not here; use {{resolve:ssm:NAME}} or "
                  "a parameter of the template");
  return refuse("Incorrect format is used in the following SSM reference: [" + service + ":" +
                reference + "]");
}

cfn::SsmLookup with_aws_parameters(cfn::SsmLookup lookup, Wish::Unsupported unsupported) {
  if (unsupported != Wish::Unsupported::kSkip) return lookup;
  return [lookup = std::move(lookup)](const std::string& name) -> std::optional<cfn::SsmParameter> {
    if (auto found = lookup ? lookup(name) : std::nullopt) return found;
    if (!name.starts_with("/aws/service/")) return std::nullopt;
    const std::string whole = name.substr(0, name.find(':'));  // without a version
    return cfn::SsmParameter{"", "skipped-" + whole.substr(whole.rfind('/') + 1)};
  };
}

std::vector<std::string> secure_references(const cfn::Resource& resource) {
  std::vector<std::string> out;
  find_secure(resource.properties, resource.type + "/Properties", out);
  return out;
}

}  // namespace kiln::stack
