#include "store/event_store.h"

#include <array>

#include "store/statement.h"

namespace kiln::store {
namespace {

constexpr std::array kEventSteps = {
    "CREATE TABLE events (id INTEGER PRIMARY KEY, due_ms INTEGER NOT NULL,"
    " received_ms INTEGER NOT NULL, invocations INTEGER NOT NULL, throttles INTEGER NOT NULL,"
    " region TEXT NOT NULL, name TEXT NOT NULL, qualifier TEXT NOT NULL, request_id TEXT NOT NULL,"
    " trace_id TEXT NOT NULL, client_context TEXT NOT NULL, payload BLOB NOT NULL);",
};

constexpr const char* kHead =
    "SELECT id, due_ms, received_ms, invocations, throttles, region, name, qualifier, request_id,"
    " trace_id, client_context";

StoredEvent event_of(const Statement& row) {
  StoredEvent event;
  event.id = row.integer(0);
  event.due_ms = row.integer(1);
  event.received_ms = row.integer(2);
  event.invocations = static_cast<int>(row.integer(3));
  event.throttles = static_cast<int>(row.integer(4));
  event.region = row.text(5);
  event.function_name = row.text(6);
  event.qualifier = row.text(7);
  event.request_id = row.text(8);
  event.trace_id = row.text(9);
  event.client_context = row.text(10);
  return event;
}

}  // namespace

Result<std::unique_ptr<EventStore>> EventStore::open(const std::string& path) {
  auto database = Database::open(
      path, Schema{kEventSteps, Schema::Check::kHeader, 1024, Schema::Access::kAlone});
  if (!database) return database.error();
  return std::unique_ptr<EventStore>(new EventStore(std::move(*database)));
}

EventStore::EventStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
EventStore::~EventStore() = default;

Statement& EventStore::kept(std::unique_ptr<Statement>& statement, std::string_view sql) {
  // One that failed tells its first error for ever.
  if (!statement || !statement->status()) statement = std::make_unique<Statement>(*database_, sql);
  return *statement;
}

Result<void> EventStore::commit(const Batch& batch) {
  return database_->transaction([&]() -> Result<void> {
    if (!batch.added.empty()) {
      Statement& insert =
          kept(insert_, "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
      for (const StoredEvent& e : batch.added) {
        insert.bind(1, e.id).bind(2, e.due_ms).bind(3, e.received_ms);
        insert.bind(4, int64_t{e.invocations}).bind(5, int64_t{e.throttles});
        insert.bind(6, e.region).bind(7, e.function_name).bind(8, e.qualifier);
        insert.bind(9, e.request_id).bind(10, e.trace_id).bind(11, e.client_context);
        if (auto done = insert.bind_bytes(12, e.payload).run(); !done) return done;
      }
    }
    if (!batch.changed.empty()) {
      Statement& update = kept(
          update_, "UPDATE events SET due_ms = ?, invocations = ?, throttles = ? WHERE id = ?");
      for (const Progress& p : batch.changed) {
        update.bind(1, p.due_ms).bind(2, int64_t{p.invocations}).bind(3, int64_t{p.throttles});
        if (auto done = update.bind(4, p.id).run(); !done) return done;
      }
    }
    if (!batch.ended.empty()) {
      Statement& erase = kept(erase_, "DELETE FROM events WHERE id = ?");
      for (const int64_t id : batch.ended)
        if (auto done = erase.bind(1, id).run(); !done) return done;
    }
    return {};
  });
}

std::optional<StoredEvent> EventStore::find(int64_t id) {
  Statement& select = kept(select_, std::string(kHead) + ", payload FROM events WHERE id = ?");
  select.bind(1, id);
  std::optional<StoredEvent> event;
  if (select.step()) {
    event = event_of(select);
    event->payload = select.text(11);
  }
  (void)select.run();  // to its end: it would keep what it read from being overwritten
  return event;
}

Result<void> EventStore::load(const std::function<void(StoredEvent&&)>& visit) {
  Statement select(*database_, std::string(kHead) + " FROM events ORDER BY id");
  while (select.step()) visit(event_of(select));
  return select.status();
}

}  // namespace kiln::store
