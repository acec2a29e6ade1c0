// The first argument of SEARCH: which metrics it finds.
//
//   const auto search = SearchExpression::parse(
//       R"({AWS/Lambda,FunctionName} MetricName="Errors" AND NOT (orders OR billing))");
//   if (search->finds(metric)) …
//
// A schema in braces (a namespace and the exact set of dimension names) and a term: words that find
// parts of names, texts in quotes that are whole names, NAME= before either, AND, OR, NOT and
// parentheses. Immutable and pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "telemetry/metric.h"

namespace kiln::telemetry {

class SearchExpression {
 public:
  static constexpr size_t kMaxLength = 1024;
  static constexpr int kMaxDepth = 50;  // of parentheses and NOTs in each other

  // Error type ValidationError; says what is wrong and where, without naming the query.
  static Result<SearchExpression> parse(std::string_view text);

  bool finds(const MetricKey& metric) const;

  struct Node {
    enum class Kind { kWord, kExact, kNot, kAnd, kOr };
    Kind kind = Kind::kAnd;
    std::string property;  // of a word or exact text; "" = any
    std::string text;
    std::vector<Node> children;
  };

 private:
  struct Schema {
    std::string metric_namespace;
    std::vector<std::string> dimensions;  // sorted
  };
  std::optional<Schema> schema_;
  std::optional<Node> term_;
  friend class SearchParser;
};

}  // namespace kiln::telemetry
