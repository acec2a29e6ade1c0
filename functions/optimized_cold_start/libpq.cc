#include "libpq.h"

#include <dlfcn.h>

#include "database.h"
#include "kiln/lazy.h"

namespace optimized_cold_start {
namespace {

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (!function) throw DatabaseError(std::string("libpq.so.5 has no ") + name);
}

std::unique_ptr<Libpq> load() {
  void* library = ::dlopen("libpq.so.5", RTLD_LAZY | RTLD_LOCAL);
  if (!library)
    throw DatabaseError(std::string("PostgreSQL's client library can't be loaded: ") + ::dlerror());
  auto api = std::make_unique<Libpq>();
  find(library, "PQconnectdbParams", api->connectdb_params);
  find(library, "PQfinish", api->finish);
  find(library, "PQreset", api->reset);
  find(library, "PQstatus", api->status);
  find(library, "PQtransactionStatus", api->transaction_status);
  find(library, "PQerrorMessage", api->error_message);
  find(library, "PQexec", api->exec);
  find(library, "PQprepare", api->prepare);
  find(library, "PQexecPrepared", api->exec_prepared);
  find(library, "PQresultStatus", api->result_status);
  find(library, "PQresultErrorField", api->result_error_field);
  find(library, "PQresultErrorMessage", api->result_error_message);
  find(library, "PQntuples", api->ntuples);
  find(library, "PQgetvalue", api->getvalue);
  find(library, "PQclear", api->clear);
  return api;
}

}  // namespace

const Libpq& Libpq::get() {
  static kiln::Lazy<Libpq> library(load);
  return *library;
}

}  // namespace optimized_cold_start
