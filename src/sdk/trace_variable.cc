#include "sdk/trace_variable.h"

#include <cstdlib>
#include <cstring>

namespace kiln::sdk {
namespace {

constexpr char kName[] = "_X_AMZN_TRACE_ID";
constexpr size_t kPrefix = sizeof kName;  // the name and its '='
constexpr size_t kMaxValue = 1000;

char g_variable[kPrefix + kMaxValue + 1] = "_X_AMZN_TRACE_ID=";

}  // namespace

void set_trace_variable(std::string_view value) {
  if (value.empty() || value.size() > kMaxValue) {
    ::unsetenv(kName);
    return;
  }
  std::memcpy(g_variable + kPrefix, value.data(), value.size());
  g_variable[kPrefix + value.size()] = '\0';
  // Cheap when it is there already, and right when the function removed or replaced it.
  if (std::getenv(kName) != g_variable + kPrefix) ::putenv(g_variable);
}

}  // namespace kiln::sdk
