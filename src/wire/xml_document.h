// Answers of the query protocol, read as documents: the other side of XmlAnswer.
//
//   Result<json> stacks = query_result("DescribeStacks", response_body);
//   stacks->at("Stacks") …
//
// Pure; input may be anything.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::wire {

// What is inside of <ActionResult>: elements as members, <member> elements as lists, all values
// texts. An empty element is "". An object when there is nothing.
nlohmann::json query_result(const std::string& action, std::string_view xml);

// Code and Message of an <Error>, wherever it stands; empty texts when there is none.
Error xml_error(ErrorKind kind, std::string_view xml);

}  // namespace kiln::wire
