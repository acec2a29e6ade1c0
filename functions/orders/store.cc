#include "store.h"

#include "request.h"

namespace orders {

void check_same(const Payment& asked, const Payment& stored) {
  if (asked.user_id == stored.user_id && asked.amount == stored.amount &&
      asked.currency == stored.currency) {
    return;
  }
  throw RequestIdTaken("request id '" + asked.request_id +
                       "' was used for another request; give each its own");
}

const char* name_of(Status status) {
  return status == Status::kAuthorized ? "authorized" : "declined";
}

}  // namespace orders
