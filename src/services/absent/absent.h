// Answers of AWS services that are not here, to questions that deploy tools ask before and after
// they deploy: lists are empty, and nothing that is asked for is found, said as the service says
// it. Whatever would make something stays refused.
//
//   if (auto answer = absent_answer(what, request, account, request_id)) return reply(*answer);
//   return reply(not_here(what, request_id));
//
// Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"
#include "services/driver/classify.h"

namespace kiln::services {

// nullopt: no such question is known.
std::optional<net::Response> absent_answer(const Classification& what, const net::Request& request,
                                           const std::string& account,
                                           const std::string& request_id);

// The operations that are answered, "ecr DescribeRepositories"; of REST services
// "apigateway GET /restapis/*".
std::vector<std::string> absent_operations();

}  // namespace kiln::services
