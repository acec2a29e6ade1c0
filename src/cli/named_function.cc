#include "cli/named_function.h"

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/shell.h"
#include "cli/usage.h"

namespace kiln::cli {

std::string NamedFunction::text() const {
  return target.qualifier.empty() ? name : name + ":" + target.qualifier;
}

std::string region_words(const ApiOptions& api) {
  return api.region == ApiOptions().region ? "" : " --region " + api.region;
}

std::string NamedFunction::words() const { return shell_word(text()) + region_words(api); }

Result<NamedFunction> read_function(const std::string& text, const ApiOptions& api) {
  const FunctionTarget target = split_target(text);
  NamedFunction out{.target = target, .name = plain_name(target), .api = api};
  const bool other_arn = text.starts_with("arn:") && text.find(":function:") == std::string::npos;
  if (other_arn || out.name.empty())
    return usage("'" + text +
                 "' names no function; write NAME or NAME:ALIAS, as in hello:live, or " +
                 "an ARN such as arn:aws:lambda:us-east-1:000000000000:function:hello");
  if (text.ends_with(':'))
    return usage("'" + text + "' names no version or alias after its colon; write " + out.name +
                 ", or " + out.name + ":ALIAS");
  if (const std::string region = region_of(target); !region.empty()) out.api.region = region;
  return out;
}

Result<NamedFunction> read_qualified_function(const std::string& text, const ApiOptions& api,
                                              const std::string& why) {
  Result<NamedFunction> out = read_function(text, api);
  if (!out || !out->qualifier().empty()) return out;
  return usage("'" + text + "' names no version or alias; " + why +
               ". Write NAME:ALIAS, as in hello:live; `kiln publish` and `kiln alias set` make "
               "them");
}

Result<NamedFunction> read_whole_function(const std::string& text, const ApiOptions& api,
                                          const std::string& why) {
  Result<NamedFunction> out = read_function(text, api);
  if (!out || out->qualifier().empty()) return out;
  return usage("'" + text + "' is a version or an alias, and " + why + "; write " + out->name);
}

Result<nlohmann::json> configuration_of(ApiClient& client, const NamedFunction& function) {
  Result<nlohmann::json> there = client.json({.path = configuration_path(function.target)});
  if (!there) return error_on(function, there.error());
  return there;
}

Error error_on(const NamedFunction& function, const Error& error) {
  const bool no_alias = error.message.find("Cannot find alias arn") != std::string::npos;
  if (error.type != "ResourceNotFoundException" && !no_alias) return error;
  return no_such_target(function.target, function.api);
}

}  // namespace kiln::cli
