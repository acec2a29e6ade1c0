#include "sdk/heap/symbols.h"

#include <cxxabi.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

#include "sdk/core/stack.h"

#if KILN_LIBBACKTRACE
#include <backtrace.h>
#endif

namespace kiln::sdk::heap {
namespace {

// One function at an address; several when calls are inlined, innermost first.
struct Frame {
  std::string place;     // "file:line"; empty: not known
  std::string function;  // readable
  bool is_own;           // neither a library's nor the SDK's inside
};
using Frames = std::vector<Frame>;

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

std::string demangled(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 ? text : name;
  std::free(text);
  return result;
}

Frame frame_of(std::string place, const char* mangled) {
  Frame frame{std::move(place), demangled(mangled), false};
  frame.is_own = !is_library(mangled) && !is_scaffold(frame.function, frame.place);
  return frame;
}

#if KILN_LIBBACKTRACE
void ignore_error(void*, const char*, int) {}

backtrace_state* symbols() {
  static backtrace_state* state = ::backtrace_create_state(nullptr, 1, ignore_error, nullptr);
  return state;
}

Frames from_debug_information(uintptr_t address) {
  Frames frames;
  if (!symbols()) return frames;
  ::backtrace_pcinfo(
      symbols(), address,
      [](void* data, uintptr_t, const char* file, int line, const char* function) {
        if (file && function) {
          static_cast<Frames*>(data)->push_back(
              frame_of(std::string(file) + ":" + std::to_string(line), function));
        }
        return 0;
      },
      ignore_error, &frames);
  if (!frames.empty()) return frames;
  ::backtrace_syminfo(
      symbols(), address,
      [](void* data, uintptr_t, const char* name, uintptr_t, uintptr_t) {
        if (name) static_cast<Frames*>(data)->push_back(frame_of("", name));
      },
      ignore_error, &frames);
  return frames;
}
#else
Frames from_debug_information(uintptr_t) { return {}; }
#endif

// What the dynamic loader knows of an address. Nothing is read behind the pointer.
bool loaded_at(uintptr_t address, Dl_info& info) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return ::dladdr(reinterpret_cast<void*>(address), &info) != 0;
}

Frames from_program(uintptr_t address) {
  Frames frames = from_debug_information(address);
  Dl_info info{};
  if (frames.empty() && loaded_at(address, info) && info.dli_sname) {
    frames.push_back(frame_of("", info.dli_sname));
  }
  return frames;
}

// "src/a.cc:5" for "build/release/../../src/a.cc:5".
std::string without_detours(std::string path) {
  for (size_t at; (at = path.find("/../")) != std::string::npos && at > 0;) {
    const size_t slash = path.rfind('/', at - 1);
    const size_t begin = slash == std::string::npos ? 0 : slash + 1;
    path.erase(begin, at + 4 - begin);
  }
  return path;
}

std::string readable(const Frame& frame) {
  if (frame.place.empty()) return frame.function;
  return without_detours(frame.place) + " (" + frame.function + ")";
}

std::string bare(uintptr_t address) {
  Dl_info info{};
  char text[32];
  if (!loaded_at(address, info) || !info.dli_fname) {
    std::snprintf(text, sizeof text, "0x%zx", static_cast<size_t>(address));
    return text;
  }
  const std::string_view program = info.dli_fname;
  std::snprintf(text, sizeof text, "+0x%zx",
                static_cast<size_t>(address - reinterpret_cast<uintptr_t>(info.dli_fbase)));
  return std::string(program.substr(program.rfind('/') + 1)) + text;
}

// What is known of addresses. Never destroyed: memory is freed until the very end of the process.
class Known {
 public:
  const Frames& at(uintptr_t address) { return frames_[address]; }

  void learn(std::vector<uintptr_t> addresses) {
    std::erase_if(addresses, [this](uintptr_t address) { return frames_.contains(address); });
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    for (size_t i = 0; i < addresses.size(); i += kMaxFrames) ask_engine(addresses, i);
    for (const uintptr_t address : addresses) {
      Frames& frames = frames_[address];
      if (frames.empty()) frames = from_program(address);
    }
  }

 private:
  struct Answer {
    Known* known;
    const Stack* asked;
  };

  void ask_engine(const std::vector<uintptr_t>& addresses, size_t from) {
    Stack asked;
    asked.depth = std::min(addresses.size() - from, kMaxFrames);
    std::copy_n(addresses.begin() + static_cast<ptrdiff_t>(from), asked.depth,
                asked.frames.begin());
    Answer answer{this, &asked};
    describe_stack(
        asked,
        [](void* state, const FrameText& text) {
          if (text.function.empty()) return;
          const auto* out = static_cast<Answer*>(state);
          out->known->frames_[out->asked->frames[text.frame]].push_back(
              {std::string(text.place), std::string(text.function),
               !is_library(text.mangled) && !is_scaffold(text.function, text.place)});
        },
        &answer);
  }

  std::map<uintptr_t, Frames> frames_;
};

// The call is before the address that it returns to.
uintptr_t call_at(const void* frame) { return reinterpret_cast<uintptr_t>(frame) - 1; }

}  // namespace

std::vector<std::string> places_of(const std::vector<CallStack>& stacks) {
  static auto* const known = new Known;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::vector<uintptr_t> addresses;
  for (const CallStack& stack : stacks) {
    for (size_t i = 0; i < stack.depth; ++i) addresses.push_back(call_at(stack.frames[i]));
  }
  known->learn(std::move(addresses));
  std::vector<std::string> places;
  for (const CallStack& stack : stacks) {
    const Frame* found = nullptr;
    for (size_t i = 0; i < stack.depth && !(found && found->is_own); ++i) {
      for (const Frame& frame : known->at(call_at(stack.frames[i]))) {
        if (!found || frame.is_own) found = &frame;
        if (frame.is_own) break;
      }
    }
    places.push_back(found              ? readable(*found)
                     : stack.depth == 0 ? "unknown"
                                        : bare(call_at(stack.frames[0])));
  }
  return places;
}

}  // namespace kiln::sdk::heap
