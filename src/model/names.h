// How a client may name a function: the {FunctionName} of a path, joined with ?Qualifier=, and the
// resource ARN of the tag operations.
//
//   name                my-function
//   name:qualifier      my-function:prod
//   partial ARN         000000000000:function:my-function[:prod]
//   ARN                 arn:aws:lambda:us-east-1:000000000000:function:my-function[:prod]
//
// Error types, texts and the order of the checks are those recorded from AWS. Pure functions;
// thread-safe. Cost: a plain valid name costs one pass over its characters and the copies in the
// result; only other forms are split.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::model {

// What is asked of the name decides its limits and the text for a function that is not there.
enum class Operation {
  kCreate,  // names at most 64 characters, ARNs at most 140; a qualifier in the name is ignored
  kInvoke,  // not found: `…:function:NAME:$LATEST` for an unqualified name
  kDelete,  // $LATEST and aliases are refused as qualifiers; not found never names the qualifier
  kGet,     // everything else
};

struct FunctionRef {
  std::string region;
  std::string name;
  std::string qualifier;  // "" when neither the name nor the parameter has one
};

// `path_value` and `qualifier` are percent-decoded; `qualifier` is "" when absent. `region` and
// `account` are the caller's: a name in another Region is not reachable, one in another account not
// allowed.
Result<FunctionRef> parse_function_ref(std::string_view path_value, std::string_view qualifier,
                                       std::string_view region, std::string_view account,
                                       Operation operation);

// The unqualified function ARN of the tag operations.
Result<FunctionRef> parse_function_arn(std::string_view arn, std::string_view region,
                                       std::string_view account);

// 404 ResourceNotFoundException with the text that AWS uses for the operation.
Error function_not_found(const FunctionRef& ref, std::string_view account, Operation operation);

// 1–128 of [a-zA-Z0-9-_], not all digits.
bool is_valid_alias_name(std::string_view name);
// What ?Qualifier= may be: 1–128 of [a-zA-Z0-9-_$], or "$LATEST.PUBLISHED". Also version numbers.
bool is_valid_qualifier(std::string_view text);
// "$LATEST", or digits.
bool is_version(std::string_view text);

}  // namespace kiln::model
