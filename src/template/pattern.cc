#include "template/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "template/libpcre2.h"

namespace kiln::cfn {
namespace {

constexpr uint32_t kMostSteps = 1'000'000;
constexpr uint32_t kMostHeap_kib = 20'000;
constexpr size_t kMaxExpression = 65'536;  // bytes

const pcre2_code* code_of(void* code) { return static_cast<const pcre2_code*>(code); }

std::string message_of(int number) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(number, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

// Java's names of POSIX classes, which PCRE2 has in its own form only.
constexpr std::pair<std::string_view, std::string_view> kClasses[] = {
    {"Alnum", "alnum"},   {"Alpha", "alpha"},        {"ASCII", "ascii"},  {"Blank", "blank"},
    {"Cntrl", "cntrl"},   {"Digit", "digit"},        {"Graph", "graph"},  {"Lower", "lower"},
    {"Print", "print"},   {"Punct", "punct"},        {"Space", "space"},  {"Upper", "upper"},
    {"XDigit", "xdigit"}, {"IsAlphabetic", "alpha"}, {"IsDigit", "digit"}};

std::string in_pcre(const std::string& java) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < java.size(); ++i) {
    const char c = java[i];
    if (c != '\\' || i + 1 == java.size()) {
      if (c == '[') in_class = true;
      if (c == ']') in_class = false;
      out += c;
      continue;
    }
    const char kind = java[i + 1];
    const size_t end = (kind == 'p' || kind == 'P') && java.compare(i + 2, 1, "{") == 0
                           ? java.find('}', i)
                           : std::string::npos;
    const std::string name =
        end == std::string::npos ? std::string() : java.substr(i + 3, end - i - 3);
    const auto found = std::find_if(std::begin(kClasses), std::end(kClasses),
                                    [&](const auto& each) { return each.first == name; });
    if (found == std::end(kClasses)) {
      out += c;
      out += java[++i];
      continue;
    }
    const std::string one =
        std::string("[:") + (kind == 'P' ? "^" : "") + std::string(found->second) + ":]";
    out += in_class ? one : "[" + one + "]";
    i = end;
  }
  return out;
}

}  // namespace

void Pattern::Free::operator()(void* code) const {
  pcre2_code_free(static_cast<pcre2_code*>(code));
}

Pattern::Pattern(const std::string& expression) {
  if (expression.size() > kMaxExpression) {
    error_ = "it has more than " + std::to_string(kMaxExpression) + " bytes";
    return;
  }
  if (const auto there = pcre2_library().load(); !there) {
    error_ = there.error().message;
    return;
  }
  int number = 0;
  PCRE2_SIZE offset = 0;
  const std::string pattern = in_pcre(expression);
  code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                            PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY,
                            &number, &offset, nullptr));
  if (!code_) error_ = message_of(number) + " at character " + std::to_string(offset);
}

Result<bool> Pattern::matches(const std::string& text) const {
  pcre2_match_context* limits = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(limits, kMostSteps);
  pcre2_set_depth_limit(limits, kMostSteps);
  pcre2_set_heap_limit(limits, kMostHeap_kib);
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  const int found = pcre2_match(code_of(code_.get()), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                text.size(), 0, 0, data, limits);
  pcre2_match_data_free(data);
  pcre2_match_context_free(limits);
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  return Error{ErrorKind::kInvalid, "ValidationError", message_of(found)};
}

}  // namespace kiln::cfn
