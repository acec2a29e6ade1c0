#include "sdk/core/stack.h"

#include <link.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace kiln::sdk {
namespace {

// The name of the engine's socket for symbols, without the leading zero of an abstract address.
constexpr const char* kSymbolsVariable = "KILN_SYMBOLS";
constexpr const char* kCoresVariable = "KILN_CORES";
constexpr time_t kSymbolsPatienceS = 3;
constexpr time_t kCorePatienceS = 60;

struct Walk {
  Stack* stack;
  size_t skip;
};

_Unwind_Reason_Code on_frame(_Unwind_Context* context, void* data) {
  auto* walk = static_cast<Walk*>(data);
  int before_instruction = 0;
  const uintptr_t address = _Unwind_GetIPInfo(context, &before_instruction);
  if (address == 0) return _URC_END_OF_STACK;
  if (walk->skip > 0) {
    --walk->skip;
    return _URC_NO_REASON;
  }
  // The call is before the address that it returns to.
  walk->stack->frames[walk->stack->depth++] = before_instruction != 0 ? address : address - 1;
  return walk->stack->depth < kMaxFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

// Text in a fixed buffer; what doesn't fit is left out.
class FixedText {
 public:
  FixedText(char* data, size_t size) : data_(data), size_(size) {}
  void add(std::string_view text) {
    const size_t n = std::min(text.size(), size_ - used_);
    std::memcpy(data_ + used_, text.data(), n);
    used_ += n;
  }
  void add_hex(uintptr_t value) {
    char digits[16];
    size_t n = 0;
    do digits[n++] = "0123456789abcdef"[value & 15];
    while ((value >>= 4) != 0);
    while (n > 0) add({&digits[--n], 1});
  }
  std::string_view view() const { return {data_, used_}; }

 private:
  char* data_;
  size_t size_;
  size_t used_ = 0;
};

// The file that an address is from, and the address in that file.
struct Module {
  uintptr_t address;  // wanted
  uintptr_t in_file = 0;
  const char* path = nullptr;  // "" for the program itself
};

int on_module(dl_phdr_info* info, size_t, void* data) {
  auto* module = static_cast<Module*>(data);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    const uintptr_t begin = info->dlpi_addr + part.p_vaddr;
    if (part.p_type != PT_LOAD || module->address < begin ||
        module->address - begin >= part.p_memsz)
      continue;
    module->in_file = module->address - info->dlpi_addr;
    module->path = info->dlpi_name != nullptr ? info->dlpi_name : "";
    return 1;
  }
  return 0;
}

// Of the program. Where the package brings its own loader, /proc/self/exe is that.
std::string_view program_path(char* buffer, size_t size) {
  const ssize_t n = ::readlink("/proc/self/exe", buffer, size);
  std::string_view path(buffer, n > 0 ? static_cast<size_t>(n) : 0);
  const size_t slash = path.rfind('/');
  if (path.substr(slash == std::string_view::npos ? 0 : slash + 1).starts_with("ld-linux"))
    path = program_invocation_name;
  return path;
}

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// A connection to the engine's socket, or -1.
int connect_to_engine(time_t patience_s) {
  const char* name = std::getenv(kSymbolsVariable);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const size_t length = name != nullptr ? std::strlen(name) : 0;
  if (length == 0 || length + 1 > sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path + 1, name, length);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const timeval limit{patience_s, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0) return fd;
  ::close(fd);
  return -1;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

std::string_view receive_all(int fd, char* buffer, size_t size) {
  size_t used = 0;
  while (used < size) {
    const ssize_t n = ::recv(fd, buffer + used, size - used, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    used += static_cast<size_t>(n);
  }
  return {buffer, used};
}

std::string_view take(std::string_view& text, char end) {
  const size_t at = std::min(text.find(end), text.size());
  const std::string_view out = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return out;
}

// One at a time, since the buffers are too large for a signal stack. A second thread goes without
// symbols instead of waiting.
struct Buffers {
  char question[8 * 1024];
  char answer[48 * 1024];
  char addresses[kMaxFrames][96];
};
Buffers buffers;
bool buffers_taken = false;

}  // namespace

void capture_stack(Stack& stack, size_t skip) {
  stack.depth = 0;
  Walk walk{&stack, skip + 1};
  _Unwind_Backtrace(on_frame, &walk);
}

void describe_stack(const Stack& stack, FrameVisitor visit, void* state) {
  if (__atomic_test_and_set(&buffers_taken, __ATOMIC_ACQUIRE)) return;
  char program[256];
  const std::string_view main_path = program_path(program, sizeof program);
  std::string_view addresses[kMaxFrames];
  FixedText question(buffers.question, sizeof buffers.question);
  for (size_t i = 0; i < stack.depth; ++i) {
    Module module{stack.frames[i]};
    ::dl_iterate_phdr(on_module, &module);
    std::string_view path = module.path != nullptr ? std::string_view(module.path) : "?";
    if (path.empty()) path = main_path;
    FixedText address(buffers.addresses[i], sizeof buffers.addresses[i]);
    address.add(base_name(path).substr(0, 64));
    address.add("+0x");
    address.add_hex(module.path != nullptr ? module.in_file : module.address);
    addresses[i] = address.view();
    question.add(path);
    question.add("\t");
    question.add_hex(module.in_file);
    question.add("\n");
  }
  question.add("\n");
  std::string_view answer;
  if (const int fd = connect_to_engine(kSymbolsPatienceS); fd >= 0) {
    if (send_all(fd, question.view()))
      answer = receive_all(fd, buffers.answer, sizeof buffers.answer);
    ::close(fd);
  }
  // Lines INDEX \t MANGLED \t READABLE \t PLACE, in the frames' order.
  size_t next = 0;
  while (!answer.empty()) {
    if (answer.find('\n') == std::string_view::npos) break;  // cut off
    std::string_view line = take(answer, '\n');
    size_t frame = 0;
    for (const char digit : take(line, '\t'))
      if (digit >= '0' && digit <= '9') frame = frame * 10 + static_cast<size_t>(digit - '0');
    if (frame >= stack.depth || frame + 1 < next) break;
    for (; next < frame; ++next) visit(state, {next, {}, {}, {}, addresses[next]});
    const std::string_view mangled = take(line, '\t');
    const std::string_view readable = take(line, '\t');
    visit(state, {frame, mangled, readable, line, addresses[frame]});
    next = frame + 1;
  }
  for (; next < stack.depth; ++next) visit(state, {next, {}, {}, {}, addresses[next]});
  __atomic_clear(&buffers_taken, __ATOMIC_RELEASE);
}

bool is_scaffold(std::string_view function, std::string_view place) {
  if (place.starts_with("/usr/include/c++/")) return true;
  for (const std::string_view prefix :
       {"kiln::sdk::", "int kiln::run<", "kiln::run", "std::", "__gnu_cxx::", "__libc_start",
        "_start", "main", "__wrap___cxa_throw", "__cxa_throw"})
    if (function.starts_with(prefix)) return true;
  return false;
}

std::vector<std::string> stack_lines(const Stack& stack) {
  struct Lines {
    std::vector<std::string> own, all;
  } lines;
  describe_stack(
      stack,
      [](void* state, const FrameText& text) {
        auto* out = static_cast<Lines*>(state);
        std::string line(text.function.empty() ? text.address : text.function);
        if (!text.place.empty()) line.append(" (").append(text.place).append(")");
        if (text.function.empty() || !is_scaffold(text.function, text.place))
          out->own.push_back(line);
        out->all.push_back(std::move(line));
      },
      &lines);
  return lines.own.empty() ? lines.all : lines.own;
}

std::string_view write_core(char* buffer, size_t size) {
  const char* wanted = std::getenv(kCoresVariable);
  if (wanted == nullptr || *wanted == '\0') return {};
  const int fd = connect_to_engine(kCorePatienceS);
  if (fd < 0) return {};
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  std::string_view answer;
  if (send_all(fd, "core\n\n")) answer = receive_all(fd, buffer, size);
  ::close(fd);
  return answer.substr(0, answer.find('\n'));
}

}  // namespace kiln::sdk
