#include "base/lazy_library.h"

#include <dlfcn.h>

#include <stdexcept>

namespace kiln {

Result<void*> LazyLibrary::handle() const {
  // Each time anew, which counts how often it is opened, and never closed: the dynamic linker keeps
  // the one handle.
  void* const library = ::dlopen(file_, RTLD_LAZY | RTLD_LOCAL);
  if (library != nullptr) return library;
  const char* const told = ::dlerror();
  const std::string why = told != nullptr ? told : "no reason";
  const bool missing = why.find("cannot open shared object file") != std::string::npos;
  return Error{ErrorKind::kInternal, missing ? "MissingLibrary" : "NoMemoryForLibrary",
               std::string("cannot open ") + file_ + " (" + why + "); " +
                   (missing ? std::string("install it with: apt-get install ") + package_
                            : "let less run at a time, or raise the limit of memory (ulimit -v)")};
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
