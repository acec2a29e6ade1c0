#include "kiln/idempotency.h"

#include "kiln/log.h"
#include "sdk/core/random_bits.h"

namespace kiln {
namespace {

// Nobody else's: 128 random bits.
std::string new_owner() {
  constexpr char kHex[] = "0123456789abcdef";
  std::string owner;
  for (int word = 0; word < 2; ++word) {
    uint64_t bits = sdk::random_bits();
    for (int i = 0; i < 16; ++i, bits >>= 4) owner += kHex[bits & 15];
  }
  return owner;
}

// The work's own exception matters more than what the store says now.
void release(idempotency::Store& store, const std::string& key, const std::string& owner) {
  try {
    store.release(key, owner);
  } catch (const std::exception& e) {
    log::warn("the idempotency key stays taken until its lease is over",
              {{"key", key}, {"problem", e.what()}});
  }
}

}  // namespace

std::string idempotent(idempotency::Store& store, const std::string& key,
                       std::chrono::milliseconds ttl, const std::function<std::string()>& work,
                       const idempotency::Options& options) {
  using State = idempotency::Claim::State;
  const std::string owner = new_owner();
  const auto begin = options.now();
  auto claim = store.claim(key, owner, begin, begin + options.lease);
  if (claim.state == State::kDone) return std::move(claim.answer);
  if (claim.state == State::kInProgress) {
    throw idempotency::InProgress("'" + key + "' is being worked on; try again later");
  }
  std::string answer;
  try {
    answer = work();
  } catch (...) {
    release(store, key, owner);
    throw;
  }
  if (!store.complete(key, owner, answer, options.now() + ttl)) {
    log::warn("the lease ran out before the work was done; another may have done it, too",
              {{"key", key}});
  }
  return answer;
}

}  // namespace kiln
