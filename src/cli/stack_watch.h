// Follows a stack until what was begun has ended.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/result.h"
#include "cli/stack_client.h"

namespace kiln::cli {

class StackWatch {
 public:
  // `stack`: name or ARN. Events that are there already are not shown.
  static Result<StackWatch> start(StackClient& client, const std::string& stack);

  // Calls `show` for each event as it comes; gives the stack as it is when nothing is in progress
  // any more. Error: interrupted().
  Result<nlohmann::json> until_done(const std::function<void(const nlohmann::json& event)>& show);
  // Of kind kUnavailable, type "Interrupted": Ctrl-C; the deployment goes on.
  static Error interrupted();

 private:
  StackWatch(StackClient& client, std::string stack) : client_(client), stack_(std::move(stack)) {}
  Result<void> show_new(const std::function<void(const nlohmann::json& event)>& show);

  StackClient& client_;
  std::string stack_;
  std::set<std::string> seen_;  // ids of events
};

}  // namespace kiln::cli
