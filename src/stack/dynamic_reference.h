// Dynamic references of templates: {{resolve:ssm:/app/db:3}}. Those to secrets are refused by name,
// or stand as a text where the deployment leaves out what is not here.
// Errors: ValidationError, with CloudFormation's texts.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "stack/stack.h"
#include "template/parameters.h"

namespace kiln::stack {

// `service` and `reference` of {{resolve:SERVICE:REFERENCE}}.
Result<std::string> resolve_dynamic(const std::string& service, const std::string& reference,
                                    Wish::Unsupported unsupported, const cfn::SsmLookup& lookup);

// The lookup, with a text for each of AWS's own parameters (/aws/service/…: images of machines and
// the like) that isn't there, where the deployment leaves out what is not here.
cfn::SsmLookup with_aws_parameters(cfn::SsmLookup lookup, Wish::Unsupported unsupported);

// Where the properties of a resource have {{resolve:ssm-secure:…}}, which CloudFormation takes in a
// few properties of services that are not here: "AWS::Lambda::Function/Properties/Role".
std::vector<std::string> secure_references(const cfn::Resource& resource);

}  // namespace kiln::stack
