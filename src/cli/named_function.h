// A function as a command line names it: NAME, NAME:QUALIFIER, an ARN, or what of an ARN begins
// with the account. All commands that take one read it here.
//
//   const std::string arn = "arn:aws:lambda:eu-west-1:000000000000:function:hello:live";
//   const auto function = read_function(arn, options.api);
//   function->name;        // "hello"
//   function->api.region;  // "eu-west-1"
//
// Values. No request is sent but by configuration_of() and error_on().
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/api_client.h"
#include "cli/function_api.h"

namespace kiln::cli {

struct NamedFunction {
  FunctionTarget target = {};  // for Lambda's API: its name may be an ARN
  std::string name = {};       // without the rest of an ARN
  ApiOptions api = {};         // functions are those of a Region, and an ARN names its own

  const std::string& qualifier() const { return target.qualifier; }
  // NAME or NAME:QUALIFIER.
  std::string text() const;
  // The same in a command's line, with the Region that it needs.
  std::string words() const;
};

// Error (kInvalid): it names no function.
Result<NamedFunction> read_function(const std::string& text, const ApiOptions& api);
// The same where the version or alias must be given; `why` says why.
Result<NamedFunction> read_qualified_function(const std::string& text, const ApiOptions& api,
                                              const std::string& why);

// The same where it must be the function itself; `why` says why.
Result<NamedFunction> read_whole_function(const std::string& text, const ApiOptions& api,
                                          const std::string& why);

// The target's configuration. Error: see error_on().
Result<nlohmann::json> configuration_of(ApiClient& client, const NamedFunction& function);

// " --region NAME" for a command's line; "": the usual one.
std::string region_words(const ApiOptions& api);

// An operation's error: that the function, its version or its alias isn't there in Kiln's words.
Error error_on(const NamedFunction& function, const Error& error);

}  // namespace kiln::cli
