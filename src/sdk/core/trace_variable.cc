#include "sdk/core/trace_variable.h"

#include <cstdlib>
#include <cstring>

#include "kiln/run.h"

namespace kiln::sdk {
namespace {

constexpr char kName[] = "_X_AMZN_TRACE_ID";
constexpr size_t kPrefix = sizeof kName;  // the name and its '='
constexpr size_t kMaxValue = 1000;

char g_variable[kPrefix + kMaxValue + 1] = "_X_AMZN_TRACE_ID=";

thread_local std::string_view t_trace_id;

}  // namespace

void set_thread_trace_id(std::string_view value) { t_trace_id = value; }

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

namespace kiln {

std::string_view current_trace_id() {
  if (!sdk::t_trace_id.empty()) return sdk::t_trace_id;
  const char* variable = std::getenv(sdk::kName);
  return variable ? variable : std::string_view();
}

}  // namespace kiln
