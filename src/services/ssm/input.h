// What requests to the Parameter Store say: names, tags, filters, pages. Errors have AWS's types
// and texts. Pure.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "services/driver/input_checks.h"
#include "services/ssm/parameters.h"

namespace kiln::services {

Error ssm_validation(std::string message);
// "1 validation error detected: Value 'VALUE' at 'WHERE' failed to satisfy constraint: WHAT"
Error ssm_constraint(const std::string& value, const std::string& where, const std::string& what);

// What the checks found, as this API calls it.
Result<void> ssm_checked(const InputChecks& checks);

// What AWS's model says of the members of PutParameter, all together.
Result<void> check_put_ssm_members(const nlohmann::json& input);
// "/a/b": a path that parameters are asked for by.
Result<void> check_ssm_path(const std::string& path);
// A name under which a parameter may be put.
Result<void> check_ssm_name(const std::string& name);
// A name without the spaces around it, which AWS takes away.
std::string ssm_name(const std::string& given);
// Whether one may be asked for: "a/b", "/a//b" and "a b" may not. It need not be there.
Result<void> check_asked_ssm_name(const std::string& name);
// 1 to 2,048 characters.
Result<void> check_ssm_name_length(const std::string& name);
// 1 to 128 characters, and none that AWS keeps for itself. `where`: how errors name it.
Result<void> check_ssm_tag_key(const std::string& key, const std::string& where);
// Tags: [{"Key": …, "Value": …}].
Result<std::map<std::string, std::string>> read_ssm_tags(const nlohmann::json& input);
// The member Names: 1 to 10.
Result<std::vector<std::string>> read_ssm_names(const nlohmann::json& input);

// Of `all`, in the order of names, the page that MaxResults and NextToken ask for; `next_token` is
// "" on the last one.
struct SsmPage {
  std::vector<SsmParameter> items;
  std::string next_token;
};
Result<SsmPage> ssm_page(const nlohmann::json& input, std::vector<SsmParameter> all,
                         int64_t standard, int64_t most);

}  // namespace kiln::services
