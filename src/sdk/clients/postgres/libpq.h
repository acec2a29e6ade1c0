// libpq, loaded at its first use.
//
// Linked the ordinary way libpq brings about twenty shared libraries with it (TLS, Kerberos, LDAP):
// 4 ms of every cold start, also of those that never touch the database. Loaded here it costs the
// same, but only the invocation that needs it. Where libpq.so.5 is not installed it must lie in the
// package's lib/ folder (kiln_lambda(… LIBRARIES libpq.so.5)).
//
// Threading: any thread. Ownership: the library stays loaded.
#pragma once

#include <libpq-fe.h>

namespace kiln::postgres {

// The functions that are used, under their names without PQ.
#define KILN_LIBPQ_FUNCTIONS(F) \
  F(connectStartParams)         \
  F(connectPoll)                \
  F(conninfoParse)              \
  F(conninfoFree)               \
  F(finish)                     \
  F(socket)                     \
  F(status)                     \
  F(transactionStatus)          \
  F(errorMessage)               \
  F(host)                       \
  F(port)                       \
  F(db)                         \
  F(setnonblocking)             \
  F(setNoticeProcessor)         \
  F(sendPrepare)                \
  F(sendQueryParams)            \
  F(sendQueryPrepared)          \
  F(flush)                      \
  F(consumeInput)               \
  F(isBusy)                     \
  F(getResult)                  \
  F(resultStatus)               \
  F(resultErrorField)           \
  F(resultErrorMessage)         \
  F(ntuples)                    \
  F(nfields)                    \
  F(fname)                      \
  F(getisnull)                  \
  F(getvalue)                   \
  F(getlength)                  \
  F(cmdTuples)                  \
  F(clear)

struct Libpq {
#define KILN_MEMBER(name) decltype(&::PQ##name) name;
  KILN_LIBPQ_FUNCTIONS(KILN_MEMBER)
#undef KILN_MEMBER

  // Throws Error when the library is not there. A failed load is tried again by the next call.
  static const Libpq& get();
};

}  // namespace kiln::postgres
