// kiln::idempotent: work that is done once for each key, however often it is asked for.
//
//   kiln::idempotency::SqliteStore store("/mnt/data/done.db");  // or a DynamoDbStore
//   const std::string answer = kiln::idempotent(store, payment_id, std::chrono::hours(24), [&] {
//     return charge(card, amount);
//   });
//
// The first caller with a key runs the work, and its answer is kept for `ttl`; later callers get
// that answer, and the work is not done. Who comes while it is being done gets InProgress. When the
// work throws, the key is free again and the exception goes to the caller.
//
// A caller that dies at its work leaves the key taken until its lease is over: 15 minutes, Lambda's
// longest invocation; {.lease = context.remaining_time()} is shorter. A caller whose lease ran out
// under its work keeps its own answer, but another may have done the work by then. When the work is
// done and its answer can't be stored, the store's exception goes to the caller and the key stays
// taken until the lease is over: the work was done, and is not to be done again at once.
//
// Stores: SqliteStore, a file, for the environments that share it (those of one machine);
// DynamoDbStore, a table, for all. Another one implements Store.
//
// Threading: any thread. Ownership: nothing is kept but what the store keeps. Cost: one request to
// the store before the work and one after it. It does not compare requests: a key that is used for
// two different ones gets the first one's answer.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kiln::dynamodb {
class Client;
}

namespace kiln::idempotency {

using Time = std::chrono::system_clock::time_point;

// Somebody else does this work now. Trying again later is in order.
class InProgress : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Claim {
  enum class State { kTaken, kDone, kInProgress };
  State state;
  std::string answer{};  // of kDone
};

// Throws what its backend throws. `owner` tells apart those who claim a key.
class Store {
 public:
  virtual ~Store() = default;
  // Takes the key for `owner` until `until` unless somebody has it or has done its work. What has
  // expired by `now` is not there.
  virtual Claim claim(const std::string& key, const std::string& owner, Time now, Time until) = 0;
  // False: `owner` has the key no more, and nothing is stored.
  virtual bool complete(const std::string& key, const std::string& owner, const std::string& answer,
                        Time until) = 0;
  virtual void release(const std::string& key, const std::string& owner) = 0;
};

// One SQLite file, made when it is absent. Answers survive the end of the process. Expired ones are
// deleted now and then.
class SqliteStore final : public Store {
 public:
  // Throws std::runtime_error, which names the file, when it can't be used.
  explicit SqliteStore(const std::string& path);
  ~SqliteStore() override;
  Claim claim(const std::string& key, const std::string& owner, Time now, Time until) override;
  bool complete(const std::string& key, const std::string& owner, const std::string& answer,
                Time until) override;
  void release(const std::string& key, const std::string& owner) override;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

// A table whose partition key is the text `id`. Switch its time to live on for the attribute
// `expiration` (seconds), so that it does not grow for ever. Answers up to 400 KB with their key.
// Throws aws::Error. Needs the library kiln::dynamodb.
class DynamoDbStore final : public Store {
 public:
  // Borrows the client.
  DynamoDbStore(dynamodb::Client& client, std::string table);
  Claim claim(const std::string& key, const std::string& owner, Time now, Time until) override;
  bool complete(const std::string& key, const std::string& owner, const std::string& answer,
                Time until) override;
  void release(const std::string& key, const std::string& owner) override;

 private:
  dynamodb::Client& client_;
  const std::string table_;
};

struct Options {
  std::chrono::milliseconds lease = std::chrono::minutes(15);
  std::function<Time()> now = std::chrono::system_clock::now;  // for tests
};

}  // namespace kiln::idempotency

namespace kiln {

// Throws InProgress, what `work` throws, and what the store throws.
std::string idempotent(idempotency::Store& store, const std::string& key,
                       std::chrono::milliseconds ttl, const std::function<std::string()>& work,
                       const idempotency::Options& options = {});

}  // namespace kiln
