// Whose a log stream is: those of functions are named DAY/[VERSION]ID, and in a group that several
// functions may share (LoggingConfig), DAY/NAME[VERSION]ID. Pure.
#pragma once

#include <string>
#include <string_view>

namespace kiln::logs {

// Before a function's name, in the group that it has when its settings name none.
inline constexpr std::string_view kFunctionGroupPrefix = "/aws/lambda/";

// ""s: no function's.
struct StreamOwner {
  std::string function;
  std::string version;
};
StreamOwner owner_of_stream(std::string_view group, std::string_view stream);

}  // namespace kiln::logs
