// What `kiln top` shows, and how keys change it: rules without a terminal.
//
//   TopView view("http://127.0.0.1:4566");
//   view.update(status, now);           // once a second
//   view.on_key(key);
//   screen.draw(view.render(console, size));
//
// Two pages: all functions as a table that fits any width from kLeastColumns, and one function in
// detail. Not thread-safe. Memory: kHistory samples for each function.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/console.h"
#include "cli/log_follower.h"
#include "cli/terminal_screen.h"

namespace kiln::cli {

class TopView {
 public:
  static constexpr int kLeastColumns = 60;
  static constexpr size_t kHistory = 120;
  static constexpr size_t kLogLines = 200;

  explicit TopView(std::string endpoint) : endpoint_(std::move(endpoint)) {}

  // A new snapshot of GET /_kiln/status.
  void update(const nlohmann::json& status, SteadyTime now);
  // Why there is no new one; empty: there is.
  void set_problem(std::string problem) { problem_ = std::move(problem); }
  // Lines of the detailed function's log.
  void add_log(const std::vector<LogLine>& lines);

  enum class Next { kGoOn, kQuit };
  Next on_key(const Key& key);

  struct Name {
    std::string region, name;
    bool operator==(const Name&) const = default;
  };
  // The function whose detail is shown.
  const std::optional<Name>& detailed() const { return detailed_; }

  // At most size.rows lines of at most size.columns characters.
  std::vector<std::string> render(const Console& console, ScreenSize size) const;
  // The table and the alarms in full, for pipes and --once.
  std::string text(const Console& console) const;

 private:
  struct Function {
    Name id;
    int64_t in_use = 0, reserved = -1, provisioned = 0, ready = 0, environments = 0, idle = 0;
    int64_t invocations = 0, errors = 0, throttles = 0, cold_starts = 0;
    double p50_ms = -1, p99_ms = -1;
    double rate = -1;  // invocations a second; below 0: not known yet
  };
  struct Alarm {
    Name id;
    std::string state, reason;
  };
  struct Column;
  enum class Typing { kNo, kFilter };

  static const std::vector<Column>& columns();
  std::vector<const Function*> shown() const;  // filtered and sorted
  const Function* find(const Name& id) const;
  std::vector<const Column*> fitting(int width) const;
  std::string label(const Name& id) const;
  std::string heading() const;
  std::string clocks() const;
  std::string alarm_summary() const;

  void table_page(const Console& console, ScreenSize size, std::vector<std::string>& out) const;
  void detail_page(const Console& console, ScreenSize size, std::vector<std::string>& out) const;
  void on_list_key(const Key& key);

  std::string endpoint_;
  std::string problem_;
  std::string version_;
  std::vector<Function> functions_;
  std::vector<Alarm> alarms_;
  std::map<std::pair<std::string, std::string>, std::deque<int64_t>> history_;  // in use
  std::map<std::pair<std::string, std::string>, std::pair<int64_t, SteadyTime>> counted_;
  std::deque<LogLine> log_;
  int64_t queued_ = 0, account_ = 0, machine_s_ = 0, metric_s_ = 0;
  double speed_ = 1;

  size_t sort_ = 0;
  bool reversed_ = false;
  std::string filter_;
  Typing typing_ = Typing::kNo;
  std::optional<Name> selected_;
  std::optional<Name> detailed_;
};

}  // namespace kiln::cli
