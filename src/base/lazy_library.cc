#include "base/lazy_library.h"

#include <dlfcn.h>

#include <stdexcept>
#include <string_view>
#include <utility>

namespace kiln {

Result<void*> LazyLibrary::handle() const {
  // Each time anew, which counts how often it is opened, and never closed: the dynamic linker keeps
  // the one handle.
  void* const library = ::dlopen(file_, RTLD_LAZY | RTLD_LOCAL);
  if (library != nullptr) return library;
  const char* const told = ::dlerror();
  const std::string why = told != nullptr ? told : "no reason";
  const auto says = [&why](std::string_view part) { return why.find(part) != std::string::npos; };
  // As the dynamic linker words them.
  const bool missing = says("cannot open shared object file") && says("No such file or directory");
  const bool no_memory = says("cannot allocate memory") || says("failed to map segment");
  std::string message = std::string("cannot open ") + file_ + " (" + why + ")";
  if (missing)
    message += std::string("; install it with: apt-get install ") + package_;
  else if (no_memory)
    message += "; let less run at a time, or raise the limit of memory (ulimit -v)";
  return Error{ErrorKind::kInternal,
               missing     ? "MissingLibrary"
               : no_memory ? "NoMemoryForLibrary"
                           : "UnusableLibrary",
               std::move(message)};
}

Result<void> LazyLibrary::load() const {
  if (auto opened = handle(); !opened) return opened.error();
  return {};
}

void* LazyLibrary::find(const char* symbol) const {
  const auto opened = handle();
  if (!opened) throw std::runtime_error(opened.error().message);
  void* const found = ::dlsym(*opened, symbol);
  if (found == nullptr)
    throw std::runtime_error(std::string("the installed ") + file_ + " has no " + symbol +
                             "; it is older than this Kiln");
  return found;
}

}  // namespace kiln
