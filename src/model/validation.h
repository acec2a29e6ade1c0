// What Lambda accepts as a configuration, as tags, and as an alias. Texts are AWS's where they are
// known (recorded answers, or its service model's constraints); violations of several constraints
// are joined into one answer.
//
// A check first looks at each member alone (ValidationException), then at what they mean together
// (InvalidParameterValueException), as AWS does. Pure functions; thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/function.h"

namespace kiln::model {

// REQUIRES: `config` holds the request's values over Lambda's defaults. Role, handler and runtime
// are "" when absent.
Result<void> validate_create(const FunctionConfig& config);
// REQUIRES: `config` holds the request's values over the function's.
Result<void> validate_update(const FunctionConfig& config);

// The first half of validate_update: each member alone, which AWS looks at before it looks for the
// function.
Result<void> validate_update_members(const FunctionConfig& config);

// Whether Kiln runs it: provided.al2, provided.al2023, python3.*, nodejs* as far as AWS still takes
// them.
Result<void> validate_runtime(std::string_view runtime);

// Whether AWS has, or had, a runtime of this name: what layers may be compatible with.
bool is_runtime(std::string_view name);

enum class TagAuthor { kUser, kStack };
// Tags that a request gives: keys of 1 to 128 characters, values of at most 256. A key that begins
// with "aws:" is refused, but for those that stacks set.
Result<void> validate_tags(const std::map<std::string, std::string>& tags, TagAuthor author);
// All tags that the function will have: at most 50, not counting those of "aws:".
Result<void> validate_tag_count(const std::map<std::string, std::string>& tags);
// Users can't remove those of "aws:", either.
Result<void> validate_tag_removal(std::string_view key, TagAuthor author);

// Of an alias or a version; validate_create and validate_update check a configuration's own.
Result<void> validate_description(std::string_view description);

Result<void> validate_alias_name(std::string_view name);
// `weights`: version → weight, besides `function_version`. That the versions exist is not checked
// here.
Result<void> validate_alias_routing(std::string_view function_version,
                                    const std::map<std::string, double>& weights);

}  // namespace kiln::model
