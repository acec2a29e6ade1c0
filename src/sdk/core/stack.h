// Call stacks as text: "shop::price(int) (/src/shop/handler.cc:12)" where the engine is a Kiln,
// which reads the symbols (they stay out of the package); "bootstrap+0x1e909" elsewhere.
//
// Threading: any thread. What is named async-signal-safe allocates nothing and takes no lock but
// the loader's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::sdk {

inline constexpr size_t kMaxFrames = 48;

struct Stack {
  std::array<uintptr_t, kMaxFrames> frames;  // addresses of calls, innermost first
  size_t depth = 0;
};

// The calling thread's, without the `skip` innermost. Async-signal-safe.
[[gnu::noinline]] void capture_stack(Stack& stack, size_t skip);

// What is known of one frame; more than one for a frame where calls were inlined. Empty texts: not
// known. The texts live until the call returns.
struct FrameText {
  size_t frame;               // its index
  std::string_view mangled;   // of the function
  std::string_view function;  // readable
  std::string_view place;     // "/src/handler.cc:12"
  std::string_view address;   // "bootstrap+0x1e909"
};

// Calls `visit` for each frame in order. Async-signal-safe if `visit` is.
using FrameVisitor = void (*)(void* state, const FrameText& text);
void describe_stack(const Stack& stack, FrameVisitor visit, void* state);

// The same as lines, without frames that are the SDK's or the C++ library's.
std::vector<std::string> stack_lines(const Stack& stack);

// Whether a frame says nothing of the program: the SDK's own, the C++ library's, start-up code.
bool is_scaffold(std::string_view function, std::string_view place);

// Asks the engine for a core file of this process, and waits until it is written. Empty: it wasn't
// asked for, or can't be had. Async-signal-safe; the text is in `buffer`.
std::string_view write_core(char* buffer, size_t size);

}  // namespace kiln::sdk
