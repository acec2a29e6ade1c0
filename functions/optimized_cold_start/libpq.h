// libpq, loaded at its first use.
//
// Linked the ordinary way libpq brings about twenty shared libraries with it (TLS, Kerberos, LDAP):
// 4 ms of every cold start, also of those that never touch the database. Loaded here it costs the
// same, but only the invocation that needs it. Where libpq.so.5 is not installed it must lie in the
// package's lib/ folder.
//
// Threading: any thread. Ownership: the library stays loaded.
#pragma once

#include <postgresql/libpq-fe.h>

namespace optimized_cold_start {

struct Libpq {
  decltype(&::PQconnectdbParams) connectdb_params;
  decltype(&::PQfinish) finish;
  decltype(&::PQreset) reset;
  decltype(&::PQstatus) status;
  decltype(&::PQtransactionStatus) transaction_status;
  decltype(&::PQerrorMessage) error_message;
  decltype(&::PQexec) exec;
  decltype(&::PQprepare) prepare;
  decltype(&::PQexecPrepared) exec_prepared;
  decltype(&::PQresultStatus) result_status;
  decltype(&::PQresultErrorField) result_error_field;
  decltype(&::PQresultErrorMessage) result_error_message;
  decltype(&::PQntuples) ntuples;
  decltype(&::PQgetvalue) getvalue;
  decltype(&::PQclear) clear;

  // Throws DatabaseError when the library is not there. A failed load is tried again by the next
  // call.
  static const Libpq& get();
};

}  // namespace optimized_cold_start
