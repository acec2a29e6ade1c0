#include "sdk/clients/postgres/libpq.h"

#include <dlfcn.h>

#include "kiln/lazy.h"
#include "kiln/postgres.h"

namespace kiln::postgres {
namespace {

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (!function) throw Error(std::string("libpq.so.5 has no ") + name + "; it is too old");
}

std::unique_ptr<Libpq> load() {
  void* library = ::dlopen("libpq.so.5", RTLD_LAZY | RTLD_LOCAL);
  if (!library) {
    throw Error(std::string("PostgreSQL's client library can't be loaded (") + ::dlerror() +
                "); put libpq.so.5 into the package's lib/ folder");
  }
  auto api = std::make_unique<Libpq>();
#define KILN_FIND(name) find(library, "PQ" #name, api->name);
  KILN_LIBPQ_FUNCTIONS(KILN_FIND)
#undef KILN_FIND
  return api;
}

}  // namespace

const Libpq& Libpq::get() {
  static Lazy<Libpq> library(load);
  return *library;
}

}  // namespace kiln::postgres
