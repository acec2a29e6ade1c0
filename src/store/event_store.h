// Accepted asynchronous invocations that have not ended, in SQLite (events.db): what a 202 promises
// to keep over a kill. Changes come in batches, one transaction each. Not thread-safe: the event
// queue's thread owns it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace kiln::store {

class Statement;

struct StoredEvent {
  int64_t id = 0;
  int64_t due_ms = 0;       // the next try, since the epoch
  int64_t received_ms = 0;  // when it was accepted
  int invocations = 0;
  int throttles = 0;
  std::string region;
  std::string function_name;
  std::string qualifier;
  std::string request_id;
  std::string trace_id;
  std::string client_context;
  std::string payload;
};

class EventStore {
 public:
  struct Progress {
    int64_t id = 0;
    int64_t due_ms = 0;
    int invocations = 0;
    int throttles = 0;
  };
  struct Batch {
    std::vector<StoredEvent> added;
    std::vector<Progress> changed;
    std::vector<int64_t> ended;
    bool empty() const { return added.empty() && changed.empty() && ended.empty(); }
  };

  static Result<std::unique_ptr<EventStore>> open(const std::string& path);
  ~EventStore();
  EventStore(const EventStore&) = delete;
  EventStore& operator=(const EventStore&) = delete;

  // All of the batch, or nothing of it.
  Result<void> commit(const Batch& batch);
  // nullopt: no such event, or it can't be read.
  std::optional<StoredEvent> find(int64_t id);
  // Every event without its payload, in the order of ids.
  Result<void> load(const std::function<void(StoredEvent&&)>& visit);

 private:
  explicit EventStore(std::unique_ptr<Database> database);
  Statement& kept(std::unique_ptr<Statement>& statement, std::string_view sql);

  std::unique_ptr<Database> database_;
  // Prepared when they are first needed. They go before the database does.
  std::unique_ptr<Statement> insert_, update_, erase_, select_;
};

}  // namespace kiln::store
