#include "sdk/core/crash.h"

#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "kiln/log.h"
#include "sdk/core/error_document.h"
#include "sdk/core/log_writer.h"
#include "sdk/core/output.h"
#include "sdk/core/stack.h"
#include "sdk/core/throw_place.h"

namespace kiln::sdk {
namespace {

struct Deadly {
  int number;
  std::string_view name;
};
constexpr Deadly kDeadly[] = {{SIGSEGV, "segmentation fault (SIGSEGV)"},
                              {SIGBUS, "bus error (SIGBUS)"},
                              {SIGFPE, "arithmetic exception (SIGFPE)"},
                              {SIGILL, "illegal instruction (SIGILL)"},
                              {SIGTRAP, "trap (SIGTRAP)"},
                              {SIGABRT, "abort (SIGABRT)"}};

// Where a handler runs when the stack itself is the problem.
alignas(16) char handler_stack[64 * 1024];
// What the handler says, which may not allocate.
char report[64 * 1024];
LogSettings::Form form = LogSettings::Form::kText;
std::terminate_handler terminate_before = nullptr;
volatile sig_atomic_t reported = 0;

class Report {
 public:
  void add(std::string_view text) {
    for (const char c : text)
      if (used_ < sizeof report) report[used_++] = c;
  }
  // As a JSON string's content.
  void add_escaped(std::string_view text) {
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x20) continue;
      if (c == '"' || c == '\\') add("\\");
      add({&c, 1});
    }
  }
  void add_hex(uintptr_t value) {
    add("0x");
    int shift = 60;
    while (shift > 0 && (value >> shift & 15) == 0) shift -= 4;
    for (; shift >= 0; shift -= 4) add({&"0123456789abcdef"[value >> shift & 15], 1});
  }
  void write() const {
    std::string_view left(report, used_);
    while (!left.empty()) {
      const ssize_t n = ::write(STDOUT_FILENO, left.data(), left.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;
      left.remove_prefix(static_cast<size_t>(n));
    }
  }
  bool first_frame = true;

 private:
  size_t used_ = 0;
};

void add_frame(void* state, const FrameText& text) {
  auto* out = static_cast<Report*>(state);
  const bool json = form == LogSettings::Form::kJson;
  if (json)
    out->add(out->first_frame ? "\"" : ",\"");
  else
    out->add("\n    at ");
  out->first_frame = false;
  const auto put = [&](std::string_view part) {
    if (json)
      out->add_escaped(part);
    else
      out->add(part);
  };
  put(text.function.empty() ? text.address : text.function);
  if (!text.place.empty()) {
    put(" (");
    put(text.place);
    put(")");
  }
  if (json) out->add("\"");
}

// Async-signal-safe. `address`: what was accessed, or nullptr where that says nothing.
void write_report(std::string_view what, const void* const* address, const Stack& stack) {
  Report out;
  const bool json = form == LogSettings::Form::kJson;
  out.add(json ? "{\"level\":\"FATAL\",\"message\":\"" : "[FATAL]\t");
  if (json)
    out.add_escaped(what);
  else
    out.add(what);
  if (address != nullptr) {
    out.add(" at address ");
    out.add_hex(reinterpret_cast<uintptr_t>(*address));
  }
  if (json) out.add("\",\"stackTrace\":[");
  describe_stack(stack, add_frame, &out);
  if (json) out.add("]");
  static char core[512];
  if (const std::string_view path = write_core(core, sizeof core); !path.empty()) {
    if (json) {
      out.add(",\"coreFile\":\"");
      out.add_escaped(path);
      out.add("\"");
    } else {
      out.add("\n    core file: ");
      out.add(path);
    }
  }
  out.add(json ? "}\n" : "\n");
  out.write();
}

// Where the program was when the signal came.
uintptr_t interrupted_at(const void* context) {
  const auto* c = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return static_cast<uintptr_t>(c->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<uintptr_t>(c->uc_mcontext.pc);
#else
  return 0;
#endif
}

// Of a call of a null pointer, which has no frame: where it was called.
uintptr_t called_from(const void* context) {
  const auto* c = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return *reinterpret_cast<const uintptr_t*>(c->uc_mcontext.gregs[REG_RSP]) - 1;
#elif defined(__aarch64__)
  return static_cast<uintptr_t>(c->uc_mcontext.regs[30]) - 1;
#else
  return 0;
#endif
}

void on_deadly(int number, siginfo_t* info, void* context) {
  ::signal(number, SIG_DFL);
  if (__atomic_exchange_n(&reported, 1, __ATOMIC_ACQ_REL) == 0) {
    static Stack stack;
    capture_stack(stack, 0);
    // The handler's own frames come first.
    const uintptr_t pc = interrupted_at(context);
    const auto end = stack.frames.begin() + static_cast<ptrdiff_t>(stack.depth);
    const auto crashed = std::find(stack.frames.begin(), end, pc);
    if (crashed != end) {
      std::copy(crashed, end, stack.frames.begin());
      stack.depth = static_cast<size_t>(end - crashed);
    } else if (pc == 0) {
      stack.frames[0] = called_from(context);
      stack.depth = 1;
    }
    const auto* known = std::find_if(std::begin(kDeadly), std::end(kDeadly),
                                     [number](const Deadly& d) { return d.number == number; });
    static char what[96];
    constexpr std::string_view kPrefix = "the function crashed: ";
    const std::string_view name = known != std::end(kDeadly) ? known->name : "signal";
    std::copy(kPrefix.begin(), kPrefix.end(), what);
    std::copy(name.begin(), name.end(), what + kPrefix.size());
    const void* address = info->si_addr;
    const bool memory = number == SIGSEGV || number == SIGBUS;
    write_report({what, kPrefix.size() + name.size()}, memory ? &address : nullptr, stack);
  }
  ::raise(number);  // delivered when this handler returns
}

[[noreturn]] void on_terminate() {
  flush_output();
  if (__atomic_exchange_n(&reported, 1, __ATOMIC_ACQ_REL) == 0) {
    std::string what = "the function ended by std::terminate";
    Stack here;
    capture_stack(here, 1);
    const Stack* stack = &here;
    if (std::current_exception()) {
      if (const Stack* thrown = current_throw()) stack = thrown;
      const ExceptionInfo info = current_exception_info();
      what = "uncaught exception " + info.type + ": " + info.message.substr(0, 4096);
      std::replace(what.begin(), what.end(), '\n', ' ');
    }
    write_report(what, nullptr, *stack);
  }
  if (terminate_before != nullptr) terminate_before();
  std::abort();
}

}  // namespace

void install_crash_log() {
  form = log_settings(std::getenv("AWS_LAMBDA_LOG_FORMAT"), nullptr, nullptr).form;
  stack_t alternate = {};
  alternate.ss_sp = handler_stack;
  alternate.ss_size = sizeof handler_stack;
  stack_t before = {};
  if (::sigaltstack(nullptr, &before) == 0 && (before.ss_flags & SS_DISABLE) != 0)
    ::sigaltstack(&alternate, nullptr);
  for (const Deadly& deadly : kDeadly) {
    struct sigaction current {};
    if (::sigaction(deadly.number, nullptr, &current) != 0 || current.sa_handler != SIG_DFL)
      continue;
    struct sigaction action {};
    action.sa_sigaction = on_deadly;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(deadly.number, &action, nullptr);
  }
  if (terminate_before == nullptr) terminate_before = std::set_terminate(on_terminate);
}

}  // namespace kiln::sdk
