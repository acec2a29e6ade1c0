// The error documents that Lambda passes to a function's caller.
//
// Threading: any thread. Cost: only on failures.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::sdk {

struct ExceptionInfo {
  std::string type;                        // "std::runtime_error"
  std::string message;                     // what(), or a sentence for things that have none
  std::vector<ExceptionInfo> causes = {};  // of std::throw_with_nested, from the nearest on
  std::vector<std::string> stack = {};     // where it was thrown, as far as that is known
};

// REQUIRES: called in a catch block.
ExceptionInfo current_exception_info();
// The same with `stack`, which may ask the engine.
ExceptionInfo current_exception_info_with_stack();

// {"errorMessage":…,"errorType":…,"stackTrace":[…]}, with "cause" where there is one: valid JSON in
// UTF-8 whatever the message holds.
// Messages are cut at 64 KiB.
std::string error_document(const ExceptionInfo& info);

}  // namespace kiln::sdk
