// Who a function is to AWS's services: the session of its role, named as Lambda names it, and the
// credentials that say so. The session stands in the token itself, so that nothing is kept of it.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kiln::model {

// The same for all functions, so that another server (S3, DynamoDB) can be told of them once.
inline constexpr const char* kFunctionAccessKeyId = "ASIAKILNLOCALACCESS0";
inline constexpr const char* kFunctionSecretAccessKey = "kiln-local-secret-access-key-00000000000";

struct FunctionSession {
  std::string role_arn;
  std::string function;
};

std::string session_token(const FunctionSession& session);
// nullopt: a token of somebody else.
std::optional<FunctionSession> read_session_token(std::string_view token);

}  // namespace kiln::model
