#include "sdk/core/output.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

// std::cout and its flush(), if something in the program has drawn them in: iostreams are a third
// of a small function, so this must not. The names are those of the Itanium C++ ABI.
extern char kiln_std_cout __asm__("_ZSt4cout") __attribute__((weak));
extern "C" void kiln_ostream_flush(void*) __asm__("_ZNSo5flushEv") __attribute__((weak));

namespace kiln::sdk {
namespace {

std::terminate_handler g_before = nullptr;

// A program that takes libstdc++ as a library has the object; it is made by whoever includes
// <iostream>, and is zeros until then.
bool has_cout() {
  if (&kiln_std_cout == nullptr || &kiln_ostream_flush == nullptr) return false;
  void* table = nullptr;
  std::memcpy(&table, &kiln_std_cout, sizeof table);
  return table != nullptr;
}

[[noreturn]] void flush_and_terminate() {
  flush_output();
  if (g_before != nullptr) g_before();
  std::abort();
}

}  // namespace

void install_output() {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  g_before = std::set_terminate(flush_and_terminate);
}

void flush_output() {
  if (has_cout()) kiln_ostream_flush(&kiln_std_cout);
  std::fflush(stdout);
}

}  // namespace kiln::sdk
