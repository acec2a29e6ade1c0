// One condition of a filter policy: "red", 5, null, {"prefix": "a"}, {"numeric": [">", 0]} … Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "notify/policy_text.h"

namespace kiln::notify {

// A value of a message that a condition looks at: null, true or false, a number, or a text.
using FilterValue = std::variant<std::monostate, bool, double, std::string_view>;

class FilterCondition {
 public:
  using Json = PolicyText::Json;

  // `condition` is in the policy that `text` is of. Errors have SNS's texts.
  static Result<FilterCondition> parse(const PolicyText& text, const Json& condition);

  // {"exists": false} holds where there is no value, and only there.
  bool wants_absence() const { return kind_ == Kind::kAbsent; }
  bool matches(const FilterValue& value) const;

 private:
  enum class Kind {
    kEqual,  // any of operands_
    kPrefix,
    kSuffix,
    kEqualIgnoringCase,
    kAnythingBut,  // none of operands_
    kAnythingButPrefix,
    kNumeric,
    kCidr,
    kPresent,
    kAbsent,
  };
  using Operand = std::variant<std::monostate, bool, double, std::string>;
  struct Bound {
    double value = 0;
    bool included = false;
  };
  struct Network {
    std::array<uint8_t, 16> address = {};
    size_t bytes = 0;  // 4 or 16
    unsigned prefix_bits = 0;
  };

  static std::optional<Operand> operand_of(const Json& value);
  static Result<FilterCondition> parse_operator(const PolicyText& text, const std::string& name,
                                                const Json& value);
  static Result<FilterCondition> parse_anything_but(const PolicyText& text, const Json& value);
  static Result<FilterCondition> parse_numeric(const PolicyText& text, const Json& value);
  static Result<FilterCondition> parse_cidr(const PolicyText& text, const Json& value);
  static Result<FilterCondition> with_text(const PolicyText& text, Kind kind,
                                           const std::string& name, const Json& value);
  bool is_operand(const FilterValue& value) const;
  bool in_range(double value) const;
  bool in_network(std::string_view address) const;

  Kind kind_ = Kind::kEqual;
  std::vector<Operand> operands_;
  std::string text_;
  std::optional<Bound> low_;
  std::optional<Bound> high_;
  Network network_;
};

}  // namespace kiln::notify
