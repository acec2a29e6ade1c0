#include "cli/top_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "base/time_format.h"
#include "cli/api_client.h"
#include "cli/log_selection.h"
#include "cli/size_text.h"
#include "cli/table.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

constexpr const char* kDefaultRegion = "us-east-1";
constexpr int kLeastName = 16;
constexpr int kGap = 2;
// Height of the list before and after its rows: heading, clocks, alarms, titles, keys.
constexpr int kFrameRows = 5;

double real_at(const json& object, const char* name, double missing) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? json_number(*found) : missing;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Without control characters, and no wider than `width`.
std::string fitted(std::string_view text, int width) {
  std::string out;
  int shown = 0;
  for (const char c : text) {
    if (!continues(c) && ++shown > width) break;
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20U || byte == 0x7fU ? ' ' : c;
  }
  return out;
}

std::string padded(const std::string& text, int width, bool right) {
  const std::string cut = fitted(text, width);
  const std::string pad(
      static_cast<size_t>(std::max(0, width - static_cast<int>(shown_width(cut)))), ' ');
  return right ? pad + cut : cut + pad;
}

std::string number(int64_t value, int64_t none = -1) {
  return value == none ? "-" : std::to_string(value);
}

std::string measured_ms(double value) { return value < 0 ? "-" : fmt::format("{:.1f}", value); }

std::string time_of_day(int64_t seconds) {
  return format_iso_ms(WallTime(std::chrono::seconds(seconds))).substr(11, 8);
}

std::string sparkline(const std::deque<int64_t>& samples, int width, int64_t top) {
  static constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr int64_t kSteps = 8;
  std::string out;
  const size_t from = samples.size() - std::min(samples.size(), static_cast<size_t>(width));
  for (size_t i = from; i < samples.size(); ++i) {
    const int64_t level = top <= 0 ? 0 : samples[i] * (kSteps - 1) / top;
    out += kBars[std::clamp<int64_t>(level, 0, kSteps - 1)];
  }
  return out;
}

}  // namespace

// In the order in which they stand; `rank` says which stay when there is little room.
struct TopView::Column {
  const char* title;
  int width;
  int rank;
  std::string (*cell)(const Function&);
  double (*key)(const Function&);  // larger ones come first
};

const std::vector<TopView::Column>& TopView::columns() {
  using F = Function;
  static const std::vector<Column> kColumns = {
      {"INV/S", 7, 1,
       [](const F& f) { return f.rate < 0 ? std::string("-") : fmt::format("{:.0f}", f.rate); },
       [](const F& f) { return f.rate; }},
      {"IN USE", 7, 2, [](const F& f) { return number(f.in_use); },
       [](const F& f) { return static_cast<double>(f.in_use); }},
      {"RESERVED", 9, 8, [](const F& f) { return number(f.reserved); },
       [](const F& f) { return static_cast<double>(f.reserved); }},
      {"PROVISIONED", 12, 9,
       [](const F& f) {
         return f.provisioned == 0 ? std::string("-")
                                   : fmt::format("{}/{}", f.ready, f.provisioned);
       },
       [](const F& f) { return static_cast<double>(f.provisioned); }},
      {"WARM", 5, 10, [](const F& f) { return number(f.idle); },
       [](const F& f) { return static_cast<double>(f.idle); }},
      {"COLD", 6, 7, [](const F& f) { return number(f.cold_starts); },
       [](const F& f) { return static_cast<double>(f.cold_starts); }},
      {"ERRORS", 7, 5, [](const F& f) { return number(f.errors); },
       [](const F& f) { return static_cast<double>(f.errors); }},
      {"THROTTLES", 10, 6, [](const F& f) { return number(f.throttles); },
       [](const F& f) { return static_cast<double>(f.throttles); }},
      {"P50 MS", 8, 4, [](const F& f) { return measured_ms(f.p50_ms); },
       [](const F& f) { return f.p50_ms; }},
      {"P99 MS", 8, 3, [](const F& f) { return measured_ms(f.p99_ms); },
       [](const F& f) { return f.p99_ms; }},
  };
  return kColumns;
}

void TopView::update(const json& status, SteadyTime now) {
  if (!status.is_object()) return set_problem("the answer is no status of a Kiln");
  problem_.clear();
  version_ = string_at(status, "version");
  queued_ = number_at(status, "queuedEvents");
  account_ = number_at(status, "accountConcurrency");
  machine_s_ = number_at(status, "machineTime");
  metric_s_ = number_at(status, "metricTime");
  speed_ = real_at(status, "speed", 1);
  functions_.clear();
  for (const json& f : json_list(status, "functions")) {
    Function row;
    row.id = {string_at(f, "region"), string_at(f, "name")};
    row.in_use = number_at(f, "inUse");
    row.reserved = number_at(f, "reserved", -1);
    row.provisioned = number_at(f, "provisionedConfigured");
    row.ready = number_at(f, "provisionedReady");
    row.environments = number_at(f, "environments");
    row.idle = number_at(f, "idle");
    row.invocations = number_at(f, "invocations");
    row.errors = number_at(f, "errors");
    row.throttles = number_at(f, "throttles");
    row.cold_starts = number_at(f, "coldStarts");
    row.p50_ms = real_at(f, "p50Ms", -1);
    row.p99_ms = real_at(f, "p99Ms", -1);
    const auto key = std::make_pair(row.id.region, row.id.name);
    // The engine's counters may have begun anew.
    if (const auto last = counted_.find(key);
        last != counted_.end() && row.invocations >= last->second.first) {
      const double seconds = std::chrono::duration<double>(now - last->second.second).count();
      if (seconds > 0)
        row.rate = static_cast<double>(row.invocations - last->second.first) / seconds;
    }
    counted_[key] = {row.invocations, now};
    std::deque<int64_t>& samples = history_[key];
    samples.push_back(row.in_use);
    if (samples.size() > kHistory) samples.pop_front();
    functions_.push_back(std::move(row));
  }
  alarms_.clear();
  for (const json& a : json_list(status, "alarms"))
    alarms_.push_back({{string_at(a, "region"), string_at(a, "name")},
                       string_at(a, "state"),
                       string_at(a, "reason")});
}

void TopView::add_log(const std::vector<LogLine>& lines) {
  for (const LogLine& line : lines) log_.push_back(line);
  while (log_.size() > kLogLines) log_.pop_front();
}

std::string TopView::label(const Name& id) const {
  return id.region == kDefaultRegion ? id.name : id.name + " (" + id.region + ")";
}

const TopView::Function* TopView::find(const Name& id) const {
  for (const Function& function : functions_)
    if (function.id == id) return &function;
  return nullptr;
}

std::vector<const TopView::Function*> TopView::shown() const {
  std::vector<const Function*> rows;
  for (const Function& function : functions_)
    if (label(function.id).find(filter_) != std::string::npos) rows.push_back(&function);
  if (sort_ > 0) {
    const Column& column = columns()[sort_ - 1];
    std::stable_sort(rows.begin(), rows.end(), [&](const Function* a, const Function* b) {
      return column.key(*a) > column.key(*b);
    });
  }
  if (reversed_) std::reverse(rows.begin(), rows.end());
  return rows;
}

// ---- Keys

TopView::Next TopView::on_key(const Key& key) {
  using Kind = Key::Kind;
  if (typing_ == Typing::kFilter) {
    if (key.kind == Kind::kText) filter_ += key.text;
    if (key.kind == Kind::kBackspace && !filter_.empty()) filter_.pop_back();
    if (key.kind == Kind::kEscape) filter_.clear();
    if (key.kind == Kind::kEnter || key.kind == Kind::kEscape) typing_ = Typing::kNo;
    return Next::kGoOn;
  }
  if (key.kind == Kind::kText && key.text == 'q') return Next::kQuit;
  if (detailed_) {
    const bool back = key.kind == Kind::kEscape || key.kind == Kind::kBackspace ||
                      key.kind == Kind::kEnter || (key.kind == Kind::kText && key.text == 'b');
    if (back) {
      detailed_.reset();
      log_.clear();
    }
    return Next::kGoOn;
  }
  on_list_key(key);
  return Next::kGoOn;
}

void TopView::on_list_key(const Key& key) {
  using Kind = Key::Kind;
  constexpr int kPage = 10;
  const std::vector<const Function*> rows = shown();
  int at = 0;
  for (size_t i = 0; i < rows.size(); ++i)
    if (selected_ == rows[i]->id) at = static_cast<int>(i);
  int to = at;
  const char text = key.kind == Kind::kText ? key.text : '\0';
  if (key.kind == Kind::kUp || text == 'k') --to;
  if (key.kind == Kind::kDown || text == 'j') to += selected_ ? 1 : 0;
  if (key.kind == Kind::kPageUp) to -= kPage;
  if (key.kind == Kind::kPageDown) to += kPage;
  if (!rows.empty()) {
    to = std::clamp(to, 0, static_cast<int>(rows.size()) - 1);
    if (to != at || key.kind == Kind::kDown || text == 'j')
      selected_ = rows[static_cast<size_t>(to)]->id;
    if (key.kind == Kind::kEnter) detailed_ = rows[static_cast<size_t>(at)]->id;
  }
  if (key.kind == Kind::kEscape) filter_.clear();
  if (text == '/') typing_ = Typing::kFilter;
  if (text == 's') sort_ = (sort_ + 1) % (columns().size() + 1);
  if (text == 'r') reversed_ = !reversed_;
}

// ---- Pages

std::string TopView::heading() const {
  int64_t in_use = 0;
  for (const Function& function : functions_) in_use += function.in_use;
  std::string out = "kiln " + version_ + "  " + endpoint_ + "  " + std::to_string(in_use);
  if (account_ > 0) out += "/" + std::to_string(account_);
  out += " in use";
  if (queued_ > 0) out += "  " + std::to_string(queued_) + " queued";
  return out;
}

std::string TopView::clocks() const {
  std::string out = "machine " + time_of_day(machine_s_);
  if (speed_ != 1) out += "  metrics " + time_of_day(metric_s_) + fmt::format("  ×{:g}", speed_);
  out += "  " + std::to_string(functions_.size()) + " functions";
  if (!filter_.empty() || typing_ == Typing::kFilter)
    out += "  filter: " + filter_ + (typing_ == Typing::kFilter ? "_" : "");
  return out;
}

std::string TopView::alarm_summary() const {
  if (alarms_.empty()) return "no alarms";
  std::string firing;
  size_t count = 0;
  for (const Alarm& alarm : alarms_) {
    if (alarm.state != "ALARM") continue;
    ++count;
    firing += (firing.empty() ? "" : ", ") + label(alarm.id);
  }
  const std::string all = count_text(alarms_.size(), "alarm");
  if (count == 0) return all + ", none in ALARM";
  return std::to_string(count) + " of " + all + " in ALARM: " + firing;
}

std::vector<const TopView::Column*> TopView::fitting(int width) const {
  std::vector<const Column*> by_rank;
  for (const Column& column : columns()) by_rank.push_back(&column);
  std::sort(by_rank.begin(), by_rank.end(),
            [](const Column* a, const Column* b) { return a->rank < b->rank; });
  int left = width - kLeastName;
  std::vector<const Column*> kept;
  for (const Column* column : by_rank) {
    if (left < column->width + kGap) break;
    left -= column->width + kGap;
    kept.push_back(column);
  }
  std::sort(kept.begin(), kept.end());  // as they stand
  return kept;
}

void TopView::table_page(const Console& console, ScreenSize size,
                         std::vector<std::string>& out) const {
  const std::vector<const Column*> kept = fitting(size.columns);
  int name_width = size.columns;
  for (const Column* column : kept) name_width -= column->width + kGap;
  const std::string gap(kGap, ' ');
  std::string titles = padded(sort_ == 0 ? "FUNCTION *" : "FUNCTION", name_width, false);
  for (const Column* column : kept) {
    const bool sorted = sort_ > 0 && column == &columns()[sort_ - 1];
    titles += gap + padded(sorted ? std::string("*") + column->title : column->title, column->width,
                           true);
  }
  out.push_back(console.paint(Style::kBold, titles));
  const std::vector<const Function*> rows = shown();
  const int room = std::max(1, size.rows - kFrameRows);
  size_t first = 0;
  for (size_t i = 0; i < rows.size(); ++i)
    if (selected_ == rows[i]->id && static_cast<int>(i) >= room)
      first = i - static_cast<size_t>(room) + 1;
  for (size_t i = first; i < rows.size() && i < first + static_cast<size_t>(room); ++i) {
    const Function& f = *rows[i];
    std::string line = padded(label(f.id), name_width, false);
    for (const Column* column : kept) line += gap + padded(column->cell(f), column->width, true);
    const bool chosen = selected_ == f.id;
    out.push_back(chosen ? console.paint(Style::kReverse, line) : line);
  }
  if (rows.empty())
    out.push_back(fitted(functions_.empty() ? "no function has run yet; `kiln invoke NAME` runs one"
                                            : "no function fits the filter",
                         size.columns));
}

void TopView::detail_page(const Console& console, ScreenSize size,
                          std::vector<std::string>& out) const {
  const auto line = [&](const std::string& text) { out.push_back(fitted(text, size.columns)); };
  out.push_back(console.paint(Style::kBold, fitted(label(*detailed_), size.columns)));
  const Function* f = find(*detailed_);
  if (f == nullptr) return line("it is gone");
  line(fmt::format("in use {}   reserved {}   provisioned {}   environments {} ({} warm)",
                   f->in_use, number(f->reserved),
                   f->provisioned == 0 ? "-" : fmt::format("{}/{}", f->ready, f->provisioned),
                   f->environments, f->idle));
  line(fmt::format("p50 {} ms   p99 {} ms   {} invocations/s", measured_ms(f->p50_ms),
                   measured_ms(f->p99_ms), f->rate < 0 ? "-" : fmt::format("{:.0f}", f->rate)));
  line(fmt::format("invocations {}   errors {}   throttles {}   cold starts {}", f->invocations,
                   f->errors, f->throttles, f->cold_starts));
  const auto samples = history_.find({f->id.region, f->id.name});
  if (samples != history_.end()) {
    const int64_t peak = *std::max_element(samples->second.begin(), samples->second.end());
    const int64_t top = std::max({peak, f->reserved, f->provisioned, int64_t{1}});
    line("concurrency, of " + std::to_string(top) +
         (top == f->reserved      ? " reserved"
          : top == f->provisioned ? " provisioned"
                                  : " at most"));
    line(sparkline(samples->second, size.columns, top));
  }
  std::vector<const LogLine*> errors;
  for (const LogLine& each : log_)
    if (line_facts(each.message).failed) errors.push_back(&each);
  constexpr size_t kErrors = 3;
  if (!errors.empty()) out.push_back(console.paint(Style::kBold, "last errors"));
  for (size_t i = errors.size() - std::min(errors.size(), kErrors); i < errors.size(); ++i)
    out.push_back(console.paint(Style::kRed, fitted(errors[i]->message, size.columns)));
  out.push_back(console.paint(Style::kBold, "log"));
  const auto used = static_cast<int>(out.size());
  const auto room = static_cast<size_t>(std::max(0, size.rows - used - 1));
  for (size_t i = log_.size() - std::min(log_.size(), room); i < log_.size(); ++i)
    line(log_[i].message.substr(0, log_[i].message.find('\n')));
}

std::vector<std::string> TopView::render(const Console& console, ScreenSize size) const {
  std::vector<std::string> out;
  out.push_back(console.paint(Style::kBold, fitted(heading(), size.columns)));
  out.push_back(fitted(clocks(), size.columns));
  if (!problem_.empty()) {
    out.push_back(console.paint(Style::kRed, fitted(problem_, size.columns)));
  } else {
    const std::string alarms = fitted(alarm_summary(), size.columns);
    const bool firing = std::any_of(alarms_.begin(), alarms_.end(),
                                    [](const Alarm& alarm) { return alarm.state == "ALARM"; });
    out.push_back(firing ? console.paint(Style::kRed, alarms) : alarms);
  }
  const char* keys = nullptr;
  if (detailed_) {
    detail_page(console, size, out);
    keys = "Esc back   q quit";
  } else {
    table_page(console, size, out);
    keys = "↑↓ select  Enter detail  s sort  r reverse  / filter  q quit";
  }
  const auto rows = static_cast<size_t>(std::max(2, size.rows));
  out.resize(rows - 1);
  out.push_back(console.paint(Style::kDim, fitted(keys, size.columns)));
  return out;
}

std::string TopView::text(const Console& console) const {
  std::string out;
  if (functions_.empty()) {
    out += "no function has run yet; `kiln invoke NAME` runs one\n";
  } else {
    std::vector<const Column*> shown;
    for (const Column& column : columns()) shown.push_back(&column);
    if (console.out_is_terminal) shown = fitting(TerminalScreen::size().columns);
    std::vector<kiln::cli::Column> titles = {{"FUNCTION"}};
    for (const Column* column : shown) titles.push_back({column->title, Align::kRight});
    Table table(titles);
    for (const Function& function : functions_) {
      std::vector<std::string> cells = {label(function.id)};
      for (const Column* column : shown) cells.push_back(column->cell(function));
      table.add(std::move(cells));
    }
    out += table.format(console);
  }
  if (!alarms_.empty()) {
    Table table({{"ALARM"}, {"STATE"}, {"REASON"}});
    for (const Alarm& alarm : alarms_) table.add({label(alarm.id), alarm.state, alarm.reason});
    out += "\n" + table.format(console);
  }
  if (queued_ > 0) out += fmt::format("\n{} asynchronous invocations wait or run\n", queued_);
  return out;
}

}  // namespace kiln::cli
