// The error documents that Lambda passes to a function's caller.
//
// Threading: any thread. Cost: only on failures.
#pragma once

#include <string>
#include <string_view>

namespace kiln::sdk {

struct ExceptionInfo {
  std::string type;     // "std::runtime_error"
  std::string message;  // what(), or a sentence for things that have none
};

// REQUIRES: called in a catch block.
ExceptionInfo current_exception_info();

// {"errorMessage":…,"errorType":…,"stackTrace":[]}: valid JSON in UTF-8 whatever the message holds.
// Messages are cut at 64 KiB.
std::string error_document(const ExceptionInfo& info);

}  // namespace kiln::sdk
