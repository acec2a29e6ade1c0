#include "logs/function_stream.h"

namespace kiln::logs {

StreamOwner owner_of_stream(std::string_view group, std::string_view stream) {
  StreamOwner owner;
  const size_t open = stream.rfind('['), close = stream.rfind(']');
  if (open != stream.npos && close != stream.npos && open < close) {
    const std::string_view before = stream.substr(0, open);
    owner.function = before.substr(before.rfind('/') + 1);
    owner.version = stream.substr(open + 1, close - open - 1);
  }
  if (owner.function.empty() && group.starts_with(kFunctionGroupPrefix))
    owner.function = group.substr(kFunctionGroupPrefix.size());
  if (owner.function.empty()) owner.version.clear();
  return owner;
}

}  // namespace kiln::logs
