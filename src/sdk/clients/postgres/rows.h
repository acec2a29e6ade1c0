// The result behind Rows.
#pragma once

#include "kiln/postgres.h"
#include "sdk/clients/postgres/libpq.h"

namespace kiln::postgres {

struct Rows::Data {
  Data(const Libpq& api, PGresult* taken) : pq(api), result(taken) {}
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;
  ~Data() { pq.clear(result); }

  const Libpq& pq;
  PGresult* result;
};

}  // namespace kiln::postgres
