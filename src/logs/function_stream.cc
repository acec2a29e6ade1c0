#include "logs/function_stream.h"

namespace kiln::logs {
namespace {

constexpr std::string_view kDay = "YYYY/MM/DD/";

// Others' streams may have brackets, too.
bool begins_with_a_day(std::string_view stream) {
  if (stream.size() < kDay.size()) return false;
  for (size_t i = 0; i < kDay.size(); ++i)
    if (kDay[i] == '/' ? stream[i] != '/' : stream[i] < '0' || stream[i] > '9') return false;
  return true;
}

}  // namespace

StreamOwner owner_of_stream(std::string_view group, std::string_view stream) {
  StreamOwner owner;
  const size_t open = stream.rfind('['), close = stream.rfind(']');
  if (begins_with_a_day(stream) && open != stream.npos && close != stream.npos && open < close) {
    owner.function = stream.substr(kDay.size(), open - kDay.size());
    owner.version = stream.substr(open + 1, close - open - 1);
  }
  if (owner.function.empty() && group.starts_with(kFunctionGroupPrefix))
    owner.function = group.substr(kFunctionGroupPrefix.size());
  if (owner.function.empty()) owner.version.clear();
  return owner;
}

}  // namespace kiln::logs
