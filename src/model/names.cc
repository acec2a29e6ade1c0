#include "model/names.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"
#include "model/function.h"
#include "model/name_checks.h"
#include "model/violations.h"

namespace kiln::model {
namespace {

using ascii::all;
using ascii::is_digit;
using ascii::is_letter;
using ascii::is_lower;
using ascii::is_word;

// The patterns as AWS prints them. The code below matches them by hand: std::regex recurses once
// per character and would let a long name overflow the stack.
constexpr std::string_view kArnHead =
    "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{"
    "12}:)?(function:)?";
constexpr std::string_view kNamePattern =
    "([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
constexpr std::string_view kPlainNamePattern = "([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";
constexpr std::string_view kUnqualifiedNamePattern = "([a-zA-Z0-9-_]+)";
constexpr std::string_view kQualifierPattern = "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";
constexpr std::string_view kResourcePattern =
    "arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:("
    "function:[a-zA-Z0-9-_]+"
    "(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|"
    "event-source-mapping:"
    "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:"
    "[a-zA-Z0-9-_]+)";

constexpr size_t kMaxName = 64;
constexpr size_t kMaxPlainValue = 140;
constexpr size_t kMaxValue = 256;
constexpr size_t kMaxQualifier = 128;

bool is_words(std::string_view text) { return !text.empty() && all(text, is_word); }
bool is_account(std::string_view text) { return text.size() == 12 && all(text, is_digit); }

// (aws[a-zA-Z-]*)
bool is_partition(std::string_view text) {
  return text.starts_with("aws") && all(text, [](char c) { return is_letter(c) || c == '-'; });
}

// -[a-z]+-\d
bool is_direction(std::string_view text) {
  return text.size() >= 4 && text.front() == '-' && text[text.size() - 2] == '-' &&
         is_digit(text.back()) && all(text.substr(1, text.size() - 3), is_lower);
}

// (eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}
bool is_region(std::string_view text) {
  if (text.starts_with("eusc-")) text.remove_prefix(5);
  if (text.size() < 2 || !is_lower(text[0]) || !is_lower(text[1])) return false;
  text.remove_prefix(2);
  if (is_direction(text)) return true;
  if (text.starts_with("-gov")) return is_direction(text.substr(4));
  if (!text.starts_with("-iso")) return false;
  text.remove_prefix(4);
  return is_direction(text) || (!text.empty() && is_lower(text[0]) && is_direction(text.substr(1)));
}

// \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+
bool is_qualifier(std::string_view text) {
  return text == "$LATEST.PUBLISHED" ||
         (!text.empty() && all(text, [](char c) { return is_word(c) || c == '$'; }));
}

// [0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}
bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? c != '-' : !ascii::is_hex(c)) return false;
  }
  return true;
}

// What else than functions the tag operations' pattern lets through.
bool is_other_resource(std::string_view kind, std::string_view name) {
  if (kind == "event-source-mapping") return is_uuid(name);
  if (kind == "code-signing-config")
    return name.size() == 21 && name.starts_with("csc-") &&
           all(name.substr(4), [](char c) { return is_lower(c) || is_digit(c); });
  return (kind == "layer" || kind == "capacity-provider") && is_words(name);
}

// The parts of a name that matches the pattern; views into it.
struct Parts {
  std::string_view region, account, name, qualifier;
};

constexpr size_t kMaxSegments = 8;  // arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER

class NameMatcher {
 public:
  NameMatcher(std::string_view value, NameShape shape) : shape_(shape) {
    while (count_ < kMaxSegments) {
      const size_t colon = value.find(':');
      segments_[count_++] = value.substr(0, colon);
      if (colon == std::string_view::npos) return;
      value.remove_prefix(colon + 1);
    }
    count_ = 0;  // more than any name has
  }

  std::optional<Parts> match() {
    if (count_ > 0 && match_head(0)) return parts_;
    return std::nullopt;
  }

 private:
  // Each part but the name is optional; as a regular expression does, what can be taken is taken
  // first, and given back when the rest does not match.
  bool match_head(size_t at) {
    if (at + 3 < count_ && segments_[0] == "arn" &&
        (segments_[1].empty() || is_partition(segments_[1])) && segments_[2] == "lambda" &&
        match_region(at + 3))
      return true;
    return match_region(at);
  }
  bool match_region(size_t at) {
    if (is_region(segments_[at]) && at + 1 < count_ && match_account(at + 1)) {
      parts_.region = segments_[at];
      return true;
    }
    return match_account(at);
  }
  bool match_account(size_t at) {
    if (is_account(segments_[at]) && at + 1 < count_ && match_word(at + 1)) {
      parts_.account = segments_[at];
      return true;
    }
    return match_word(at);
  }
  bool match_word(size_t at) {
    if (segments_[at] == "function" && at + 1 < count_ && match_name(at + 1)) return true;
    return match_name(at);
  }
  bool match_name(size_t at) {
    const size_t left = count_ - at;
    if (left > (shape_ == NameShape::kUnqualified ? 1U : 2U) || segments_[at].empty()) return false;
    const bool dots = shape_ == NameShape::kNamespaced;
    if (!all(segments_[at], [dots](char c) { return is_word(c) || (dots && c == '.'); }))
      return false;
    std::string_view qualifier;
    if (left == 2) {
      qualifier = segments_[at + 1];
      const bool latest = qualifier == kLatest || (dots && qualifier == "$LATEST.PUBLISHED");
      if (!latest && !is_words(qualifier)) return false;
    }
    parts_ = {{}, {}, segments_[at], qualifier};
    return true;
  }

  NameShape shape_;
  std::array<std::string_view, kMaxSegments> segments_;
  size_t count_ = 0;
  Parts parts_;
};

Error wrong_region(std::string_view named, std::string_view region) {
  return {ErrorKind::kNotFound, "ResourceNotFoundException",
          "Functions from '" + std::string(named) + "' are not reachable in this region ('" +
              std::string(region) + "')"};
}

Error wrong_account(std::string_view named, std::string_view account) {
  return {ErrorKind::kForbidden, "AccessDeniedException",
          "Functions of account " + std::string(named) + " are not accessible: this is account " +
              std::string(account)};
}

// nullopt: it doesn't match the pattern. `violations` get what is wrong.
std::optional<Parts> match_name(std::string_view value, NameShape shape, Violations& violations) {
  const bool longest = shape == NameShape::kNamespaced;
  violations.check_length(value, "functionName", 1, longest ? kMaxValue : kMaxPlainValue);
  auto parts = NameMatcher(value, shape).match();
  const std::string_view pattern = longest                      ? kNamePattern
                                   : shape == NameShape::kPlain ? kPlainNamePattern
                                                                : kUnqualifiedNamePattern;
  if (!parts)
    violations.add(value, "functionName",
                   "Member must satisfy regular expression pattern: " + std::string(kArnHead) +
                       std::string(pattern));
  return parts;
}

}  // namespace

void check_qualifier(std::string_view value, Violations& violations) {
  violations.check_length(value, "qualifier", 1, kMaxQualifier);
  if (!is_qualifier(value))
    violations.add(
        value, "qualifier",
        "Member must satisfy regular expression pattern: " + std::string(kQualifierPattern));
}

void check_function_name(std::string_view value, NameShape shape, Violations& violations) {
  (void)match_name(value, shape, violations);
}

Result<FunctionRef> parse_function_ref(std::string_view path_value, std::string_view qualifier,
                                       std::string_view region, std::string_view account,
                                       Operation operation) {
  // The hot path: a bare name.
  if (qualifier.empty() && path_value.size() <= kMaxName && is_words(path_value))
    return FunctionRef{std::string(region), std::string(path_value), {}};

  Violations violations;
  if (!qualifier.empty()) check_qualifier(qualifier, violations);
  const bool create = operation == Operation::kCreate;
  const auto parts =
      match_name(path_value, create ? NameShape::kPlain : NameShape::kNamespaced, violations);
  if (auto error = violations.error()) return *std::move(error);

  if (!parts->region.empty() && parts->region != region) return wrong_region(parts->region, region);
  if (!parts->account.empty() && parts->account != account)
    return wrong_account(parts->account, account);
  if (create && parts->name.size() > kMaxName)
    return invalid_parameter(
        "1 validation error detected: Value '" + std::string(parts->name) +
        "' at 'functionName' failed to satisfy constraint: Member must have length less than or "
        "equal to 64");
  if (!parts->qualifier.empty() && !qualifier.empty() && parts->qualifier != qualifier)
    return invalid_parameter(
        "The derived qualifier from the function name does not match the specified qualifier.");
  FunctionRef ref{std::string(region), std::string(parts->name), {}};
  if (!create) ref.qualifier = qualifier.empty() ? parts->qualifier : qualifier;
  // AWS answers these before it looks for the function.
  if (operation == Operation::kDelete) {
    if (ref.qualifier == kLatest)
      return invalid_parameter("$LATEST version cannot be deleted without deleting the function.");
    if (is_valid_alias_name(ref.qualifier))
      return invalid_parameter("Deletion of aliases is not currently supported.");
  }
  return ref;
}

Result<FunctionRef> parse_function_arn(std::string_view arn, std::string_view region,
                                       std::string_view account) {
  constexpr size_t kFixed = 7;  // arn:PARTITION:lambda:REGION:ACCOUNT:KIND:NAME
  std::array<std::string_view, kFixed + 1> segments;
  size_t count = 0;
  for (std::string_view rest = arn; count < segments.size();) {
    const size_t colon = rest.find(':');
    segments[count++] = rest.substr(0, colon);
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
    if (count == segments.size()) count = segments.size() + 1;  // too many
  }
  const bool qualified = count == kFixed + 1;
  const std::string_view kind = segments[5], name = segments[6];
  const bool is_arn = (count == kFixed || qualified) && segments[0] == "arn" &&
                      is_partition(segments[1]) && segments[2] == "lambda" &&
                      is_region(segments[3]) && is_account(segments[4]);
  const bool is_other = !qualified && is_other_resource(kind, name);
  const bool is_function = kind == "function" && is_words(name) &&
                           (!qualified || segments[7] == kLatest || is_words(segments[7]));
  Violations violations;
  violations.check_length(arn, "resource", 1, kMaxValue);
  if (!is_arn || (!is_function && !is_other))
    violations.add(
        arn, "resource",
        "Member must satisfy regular expression pattern: " + std::string(kResourcePattern));
  if (auto error = violations.error()) return *std::move(error);
  if (is_other) {
    const std::string what = kind == "event-source-mapping"  ? "Event source mapping"
                             : kind == "layer"               ? "Layer"
                             : kind == "code-signing-config" ? "Code signing config"
                                                             : "Capacity provider";
    return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
                 what + " not found: " + std::string(arn)};
  }
  if (qualified)
    return invalid_parameter(
        "Tags on function aliases and versions are not supported. Please specify a function ARN.");
  if (segments[3] != region) return wrong_region(segments[3], region);
  if (segments[4] != account) return wrong_account(segments[4], account);
  return FunctionRef{std::string(region), std::string(name), {}};
}

Error function_not_found(const FunctionRef& ref, std::string_view account, Operation operation) {
  std::string_view qualifier = ref.qualifier;
  if (operation == Operation::kDelete) qualifier = {};
  if (operation == Operation::kInvoke && qualifier.empty()) qualifier = kLatest;
  return {ErrorKind::kNotFound, "ResourceNotFoundException",
          "Function not found: " + function_arn(ref.region, account, ref.name, qualifier)};
}

bool is_valid_alias_name(std::string_view name) {
  return name.size() <= kMaxQualifier && is_words(name) && !all(name, is_digit);
}

bool is_valid_qualifier(std::string_view text) {
  return text.size() <= kMaxQualifier && is_qualifier(text);
}

bool is_version(std::string_view text) {
  return text == kLatest || (!text.empty() && all(text, is_digit));
}

}  // namespace kiln::model
