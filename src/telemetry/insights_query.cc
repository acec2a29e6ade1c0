#include "telemetry/insights_query.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace kiln::telemetry {
namespace {

using Function = InsightsQuery::Function;

bool is_name_character(char c) { return ascii::is_digit(c) || ascii::is_letter(c) || c == '_'; }

using ascii::upper;

// The words of the language itself; as names, they stand in quotes.
constexpr std::array<std::string_view, 11> kKeywords = {
    "SELECT", "FROM", "SCHEMA", "WHERE", "AND", "GROUP", "BY", "ORDER", "ASC", "DESC", "LIMIT"};

constexpr std::array<std::pair<std::string_view, Function>, 5> kInsightsFunctions = {{
    {"AVG", Function::kAverage},
    {"COUNT", Function::kCount},
    {"MAX", Function::kMaximum},
    {"MIN", Function::kMinimum},
    {"SUM", Function::kSum},
}};

class InsightsParser {
 public:
  explicit InsightsParser(std::string_view text) : text_(text) {}

  Result<InsightsQuery> parse() {
    InsightsQuery query;
    if (!parse_query(query)) return std::move(*error_);
    return query;
  }

 private:
  // Each returns false once error_ is there.
  bool parse_query(InsightsQuery& out) {
    if (!expect_word("SELECT") || !parse_function(out.function) || !expect('(') ||
        !parse_name(out.metric) || !expect(')') || !expect_word("FROM") || !parse_source(out))
      return false;
    if (take_word("WHERE") && !parse_conditions(out.where)) return false;
    if (take_word("GROUP") && (!expect_word("BY") || !parse_names(out.group_by))) return false;
    if (take_word("ORDER") && !parse_order(out.order.emplace(InsightsQuery::Order{}))) return false;
    if (take_word("LIMIT") && !parse_limit(out.limit.emplace())) return false;
    take(';');
    skip_spaces();
    return at_ == text_.size() || fail("expected WHERE, GROUP BY, ORDER BY, LIMIT or the end");
  }

  bool parse_function(Function& out) {
    for (const auto& [name, function] : kInsightsFunctions) {
      if (!take_word(name)) continue;
      out = function;
      return true;
    }
    return fail("expected AVG, COUNT, MAX, MIN or SUM");
  }

  bool parse_source(InsightsQuery& out) {
    if (!take_word("SCHEMA")) return parse_name(out.metric_namespace);
    if (!expect('(') || !parse_name(out.metric_namespace)) return false;
    auto& names = out.schema.emplace();
    if (take(',') && !parse_names(names)) return false;
    std::sort(names.begin(), names.end());
    return expect(')');
  }

  bool parse_conditions(std::vector<InsightsQuery::Condition>& out) {
    do {
      InsightsQuery::Condition& condition = out.emplace_back();
      if (!parse_name(condition.key)) return false;
      skip_spaces();
      condition.equal = take('=');
      if (!condition.equal && !(take('!') && take('='))) return fail("expected = or !=");
      if (!parse_quoted('\'', condition.value))
        return fail("expected a value in single quotation marks");
    } while (take_word("AND"));
    return true;
  }

  bool parse_order(InsightsQuery::Order& out) {
    if (!expect_word("BY") || !parse_function(out.by) || !expect('(') || !expect(')')) return false;
    out.descending = take_word("DESC");
    if (!out.descending) take_word("ASC");
    return true;
  }

  bool parse_limit(size_t& out) {
    skip_spaces();
    const size_t begin = at_;
    for (; at_ < text_.size() && ascii::is_digit(text_[at_]) && at_ - begin < 6; ++at_)
      out = out * 10 + static_cast<size_t>(text_[at_] - '0');
    const bool whole = at_ == text_.size() || !is_name_character(text_[at_]);
    if (at_ > begin && whole && out >= 1 && out <= InsightsQuery::kMaxSeries) return true;
    at_ = begin;
    return fail("expected a LIMIT from 1 to " + std::to_string(InsightsQuery::kMaxSeries));
  }

  bool parse_names(std::vector<std::string>& out) {
    do {
      if (!parse_name(out.emplace_back())) return false;
    } while (take(','));
    return true;
  }

  bool parse_name(std::string& out) {
    skip_spaces();
    if (parse_quoted('"', out)) return !out.empty() || fail("a name is empty");
    if (error_) return false;
    const size_t begin = at_;
    while (at_ < text_.size() && is_name_character(text_[at_])) ++at_;
    out = text_.substr(begin, at_ - begin);
    const bool keyword =
        std::find(kKeywords.begin(), kKeywords.end(), upper(out)) != kKeywords.end();
    if (!out.empty() && !keyword) return true;
    at_ = begin;
    return fail(keyword ? "a name that is a keyword stands in double quotation marks"
                        : "expected a name; one with other characters than letters, digits and _ "
                          "stands in double quotation marks");
  }

  // A \ stands before a quotation mark or another \. False without error_: there is none here.
  bool parse_quoted(char quote, std::string& out) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != quote) return false;
    const size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != quote) {
      constexpr std::string_view kEscaped = "\"'\\";
      if (text_[at_] == '\\' && at_ + 1 < text_.size() &&
          kEscaped.find(text_[at_ + 1]) != kEscaped.npos)
        ++at_;
      out.push_back(text_[at_++]);
    }
    if (at_ < text_.size()) return ++at_ > 0;
    at_ = begin;
    return fail("the quotation mark here is not closed");
  }

  bool take(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) { return take(c) || fail(std::string("expected '") + c + "'"); }
  bool take_word(std::string_view word) {
    skip_spaces();
    const size_t end = at_ + word.size();
    if (end > text_.size() || upper(text_.substr(at_, word.size())) != word) return false;
    if (end < text_.size() && is_name_character(text_[end])) return false;
    at_ = end;
    return true;
  }
  bool expect_word(std::string_view word) {
    return take_word(word) || fail("expected " + std::string(word));
  }
  void skip_spaces() {
    while (at_ < text_.size() && ascii::is_blank(text_[at_])) ++at_;
  }
  // The first one stays.
  bool fail(const std::string& what) {
    if (!error_)
      error_ = Error{ErrorKind::kInvalid, "ValidationError",
                     "Invalid query at character " + std::to_string(at_ + 1) + ": " + what};
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::optional<Error> error_;
};

}  // namespace

bool InsightsQuery::is_one(std::string_view text) {
  constexpr std::string_view kSelect = "SELECT";
  while (!text.empty() && ascii::is_blank(text.front())) text.remove_prefix(1);
  return text.size() > kSelect.size() && upper(text.substr(0, kSelect.size())) == kSelect &&
         ascii::is_blank(text[kSelect.size()]);
}

Result<InsightsQuery> InsightsQuery::parse(std::string_view text) {
  return InsightsParser(text).parse();
}

bool InsightsQuery::selects(const MetricKey& key) const {
  if (key.metric_namespace != metric_namespace || key.name != metric) return false;
  // A metric's dimensions are in order of their names.
  if (schema &&
      !std::equal(schema->begin(), schema->end(), key.dimensions.begin(), key.dimensions.end(),
                  [](const std::string& name, const auto& one) { return name == one.first; }))
    return false;
  return std::all_of(where.begin(), where.end(), [&](const Condition& condition) {
    const bool has = std::find(key.dimensions.begin(), key.dimensions.end(),
                               std::pair(condition.key, condition.value)) != key.dimensions.end();
    return has == condition.equal;
  });
}

}  // namespace kiln::telemetry
