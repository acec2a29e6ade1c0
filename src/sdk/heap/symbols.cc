#include "sdk/heap/symbols.h"

#include <cxxabi.h>
#include <dlfcn.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#if KILN_LIBBACKTRACE
#include <backtrace.h>
#endif

namespace kiln::sdk::heap {
namespace {

// One function at an address; several when calls are inlined.
struct Frame {
  std::string file;  // empty: not known
  int line = 0;
  std::string function;  // mangled; empty: not known
};

// Mangled, because there a function's own name comes first, before its return type.
bool is_library(std::string_view function) {
  constexpr std::array<std::string_view, 13> kPrefixes = {
      "_Zn",          "_ZNSt",         "_ZNKSt",           "_ZSt",          "_ZNSa",
      "_ZNSs",        "_ZNKSs",        "_ZZNSt",           "_ZN9__gnu_cxx", "_ZNK9__gnu_cxx",
      "_ZN8nlohmann", "_ZNK8nlohmann", "_ZN4kiln3sdk4heap"};
  for (const std::string_view prefix : kPrefixes) {
    if (function.starts_with(prefix)) return true;
  }
  return function == "malloc" || function == "_start";
}

#if KILN_LIBBACKTRACE
void ignore_error(void*, const char*, int) {}

backtrace_state* symbols() {
  static backtrace_state* state = ::backtrace_create_state(nullptr, 1, ignore_error, nullptr);
  return state;
}

void from_debug_information(uintptr_t address, std::vector<Frame>& frames) {
  if (!symbols()) return;
  ::backtrace_pcinfo(
      symbols(), address,
      [](void* data, uintptr_t, const char* file, int line, const char* function) {
        if (file && function) {
          static_cast<std::vector<Frame>*>(data)->push_back({file, line, function});
        }
        return 0;
      },
      ignore_error, &frames);
  if (!frames.empty()) return;
  ::backtrace_syminfo(
      symbols(), address,
      [](void* data, uintptr_t, const char* name, uintptr_t, uintptr_t) {
        if (name) static_cast<std::vector<Frame>*>(data)->push_back({{}, 0, name});
      },
      ignore_error, &frames);
}
#else
void from_debug_information(uintptr_t, std::vector<Frame>&) {}
#endif

std::vector<Frame> frames_at(uintptr_t address) {
  std::vector<Frame> frames;
  from_debug_information(address, frames);
  if (!frames.empty()) return frames;
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void*>(address), &info) && info.dli_sname) {
    frames.push_back({{}, 0, info.dli_sname});
  }
  return frames;
}

std::string readable(const Frame& frame) {
  if (!frame.file.empty()) return frame.file + ":" + std::to_string(frame.line);
  int status = 0;
  char* name = abi::__cxa_demangle(frame.function.c_str(), nullptr, nullptr, &status);
  std::string result = status == 0 ? name : frame.function;
  std::free(name);
  return result;
}

std::string bare(uintptr_t address) {
  Dl_info info{};
  char text[32];
  if (!::dladdr(reinterpret_cast<void*>(address), &info) || !info.dli_fname) {
    std::snprintf(text, sizeof text, "0x%zx", static_cast<size_t>(address));
    return text;
  }
  const std::string_view program = info.dli_fname;
  std::snprintf(text, sizeof text, "+0x%zx",
                static_cast<size_t>(address - reinterpret_cast<uintptr_t>(info.dli_fbase)));
  return std::string(program.substr(program.rfind('/') + 1)) + text;
}

}  // namespace

std::string place_of(void* const* frames, size_t depth) {
  std::string innermost;
  for (size_t i = 0; i < depth; ++i) {
    // The call is before the address that it returns to.
    const uintptr_t address = reinterpret_cast<uintptr_t>(frames[i]) - 1;
    const std::vector<Frame> here = frames_at(address);
    if (here.empty() && innermost.empty()) innermost = bare(address);
    for (const Frame& frame : here) {
      if (!is_library(frame.function)) return readable(frame);
      if (innermost.empty()) innermost = readable(frame);
    }
  }
  return innermost.empty() ? "unknown" : innermost;
}

}  // namespace kiln::sdk::heap
