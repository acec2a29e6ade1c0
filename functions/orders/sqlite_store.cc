#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <optional>
#include <type_traits>
#include <utility>

#include "request.h"
#include "sdk/sqlite/sqlite.h"
#include "store.h"

namespace orders {
namespace {

using kiln::sqlite::Statement;

// The tables of schema.sql in SQLite's words. In a sandbox the file is memory that the function is
// charged for, so rows are short: a request id that is a UUID, as Lambda's are, is its sixteen
// bytes (RequestId), and `received_at` a number of milliseconds. An order's id is its row's number:
// without AUTOINCREMENT, whose table of its own is a page more for each commit.
constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS payment_authorizations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  request_id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL,
  amount_cents INTEGER NOT NULL,
  currency TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));
CREATE TABLE IF NOT EXISTS enriched_orders (
  id INTEGER PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL,
  amount_cents INTEGER NOT NULL,
  currency TEXT NOT NULL,
  item_count INTEGER NOT NULL,
  customer_name TEXT NOT NULL,
  customer_email TEXT NOT NULL,
  customer_status TEXT NOT NULL,
  priority TEXT NOT NULL,
  received_at INTEGER NOT NULL);
)";

// The bytes of a UUID in its usual form, in small letters; false for every other text.
bool read_uuid(std::string_view text, std::array<char, 16>& bytes) {
  constexpr std::string_view kForm = "01234567-0123-0123-0123-0123456789ab";
  if (text.size() != kForm.size()) return false;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (kForm[i] == '-') {
      if (c != '-') return false;
      continue;
    }
    int digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (digit < 0 || digit > (c >= 'a' ? 15 : 9)) return false;
    char& byte = bytes[digits++ / 2];
    byte = static_cast<char>(byte << 4 | digit);
  }
  return true;
}

// A request id as it is stored. Bytes never equal a text, so that ids are the same there which are
// the same here.
class RequestId {
 public:
  explicit RequestId(const std::string& text) : text_(text), is_uuid_(read_uuid(text, bytes_)) {}

  void bind(Statement::Run& run, int position) const {
    if (is_uuid_) {
      run.bind_bytes(position, {bytes_.data(), bytes_.size()});
    } else {
      run.bind(position, text_);
    }
  }

 private:
  const std::string& text_;
  std::array<char, 16> bytes_{};
  bool is_uuid_;
};

Payment payment_of(const Statement::Run& run, const std::string& request_id) {
  return {.request_id = request_id,
          .user_id = run.text(1),
          .amount = run.integer(2),
          .currency = run.text(3)};
}

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(const std::string& path)
      : database_(path, kSchema),
        insert_payment_(database_,
                        "INSERT INTO payment_authorizations (request_id, user_id, amount_cents, "
                        "currency, status) VALUES (?1, ?2, ?3, ?4, ?5) "
                        "ON CONFLICT (request_id) DO NOTHING"),
        find_payment_(database_,
                      "SELECT id, user_id, amount_cents, currency, status FROM "
                      "payment_authorizations WHERE request_id = ?1"),
        insert_order_(database_,
                      "INSERT INTO enriched_orders (request_id, user_id, amount_cents, currency, "
                      "item_count, customer_name, customer_email, customer_status, priority, "
                      "received_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
                      "ON CONFLICT (request_id) DO NOTHING"),
        find_order_(database_,
                    "SELECT id, user_id, amount_cents, currency FROM enriched_orders WHERE "
                    "request_id = ?1") {}

  StoredPayment authorize(const Payment& payment, Status status, Milliseconds limit) override {
    const RequestId request_id(payment.request_id);
    const auto find = [&]() -> std::optional<StoredPayment> {
      Statement::Run run(find_payment_);
      request_id.bind(run, 1);
      if (!run.step()) return std::nullopt;
      return StoredPayment{
          run.integer(0), payment_of(run, payment.request_id),
          run.text(4) == name_of(Status::kAuthorized) ? Status::kAuthorized : Status::kDeclined,
          false};
    };
    return within(limit, payment.request_id, [&] {
      return once(payment.request_id, find, [&]() -> std::optional<StoredPayment> {
        Statement::Run run(insert_payment_);
        request_id.bind(run, 1);
        bind(run, payment);
        run.bind(5, name_of(status));
        const auto id = run.insert();
        return id ? std::optional(StoredPayment{*id, payment, status, true}) : std::nullopt;
      });
    });
  }

  StoredOrder insert(const Order& order, Milliseconds limit) override {
    const RequestId request_id(order.request_id);
    const auto find = [&]() -> std::optional<StoredOrder> {
      Statement::Run run(find_order_);
      request_id.bind(run, 1);
      if (!run.step()) return std::nullopt;
      return StoredOrder{run.integer(0), payment_of(run, order.request_id), false};
    };
    return within(limit, order.request_id, [&] {
      join_batch();
      return once(order.request_id, find, [&]() -> std::optional<StoredOrder> {
        Statement::Run run(insert_order_);
        request_id.bind(run, 1);
        bind(run, order);
        run.bind(5, order.item_count);
        run.bind(6, order.customer_name);
        run.bind(7, order.customer_email);
        run.bind(8, order.customer_status);
        run.bind(9, order.priority);
        run.bind(10, order.received_at.count());
        const auto id = run.insert();
        return id ? std::optional(StoredOrder{*id, order, true}) : std::nullopt;
      });
    });
  }

  // One transaction, begun by its first order: a lock and a commit for all of them.
  void begin_batch() override {
    undo_batch();
    batch_ = BatchState::kEmpty;
  }
  void commit_batch() override {
    const BatchState state = std::exchange(batch_, BatchState::kNone);
    if (state != BatchState::kOpen) return;
    if (!in_transaction()) throw kiln::sqlite::Error("SQLite undid the batch: nothing is stored");
    run("COMMIT");
  }
  void undo_batch() noexcept override {
    batch_ = BatchState::kNone;
    if (in_transaction()) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }

 private:
  enum class BatchState { kNone, kEmpty, kOpen };

  bool in_transaction() const { return sqlite3_get_autocommit(database_.handle()) == 0; }

  void run(const char* sql) {
    if (sqlite3_exec(database_.handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
      throw kiln::sqlite::Error(std::string("SQLite: ") + sql + ": " +
                                sqlite3_errmsg(database_.handle()));
    }
  }

  void join_batch() {
    if (batch_ == BatchState::kNone) return;
    if (batch_ == BatchState::kEmpty) {
      run("BEGIN IMMEDIATE");
      batch_ = BatchState::kOpen;
    } else if (!in_transaction()) {
      throw kiln::sqlite::Error("SQLite undid the batch after an error");
    }
  }

  // All but the request id.
  static void bind(Statement::Run& run, const Payment& payment) {
    run.bind(2, payment.user_id);
    run.bind(3, payment.amount);
    run.bind(4, payment.currency);
  }

  // What is stored already, or else what `insert` stores. Looks first: an insert that finds the
  // request id taken takes the file's lock and writes all the same.
  template <class Find, class Insert>
  static typename std::invoke_result_t<const Find&>::value_type once(const std::string& request_id,
                                                                     const Find& find,
                                                                     const Insert& insert) {
    if (auto found = find()) return *std::move(found);
    if (auto made = insert()) return *std::move(made);
    if (auto found = find()) return *std::move(found);  // another process was faster
    throw gone(request_id);
  }

  static kiln::sqlite::Error gone(const std::string& request_id) {
    return kiln::sqlite::Error("the row of request id '" + request_id + "' was deleted meanwhile");
  }

  // Another process may hold the file's lock: waits for it up to the limit.
  template <class Work>
  std::invoke_result_t<Work&> within(Milliseconds limit, const std::string& request_id, Work work) {
    sqlite3_busy_timeout(database_.handle(), static_cast<int>(limit.count()));
    try {
      return work();
    } catch (const kiln::sqlite::Error&) {
      if (sqlite3_errcode(database_.handle()) == SQLITE_BUSY) throw TimeUp(request_id);
      throw;
    }
  }

  kiln::sqlite::Database database_;
  Statement insert_payment_;
  Statement find_payment_;
  Statement insert_order_;
  Statement find_order_;
  BatchState batch_ = BatchState::kNone;
};

}  // namespace

std::unique_ptr<Store> open_sqlite(const Config& config) {
  try {
    return std::make_unique<SqliteStore>(config.sqlite_path);
  } catch (const kiln::sqlite::Error& e) {
    throw Unreachable(std::string(e.what()) + "; set SQLITE_PATH to a file that can be made");
  }
}

}  // namespace orders
