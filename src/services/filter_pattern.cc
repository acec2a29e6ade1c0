#include "services/filter_pattern.h"

namespace kiln::services {
namespace {

constexpr size_t kMaxPatternBytes = 1024;  // AWS's limit

Error refuse(const std::string& why) {
  return {ErrorKind::kInvalid, "InvalidParameterException",
          "Invalid filter pattern: " + why +
              ". Supported are terms (all must occur), \"quoted phrases\", and -term or "
              "-\"phrase\" for what must not occur."};
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  if (text.size() > kMaxPatternBytes) {
    return refuse("it is longer than " + std::to_string(kMaxPatternBytes) + " bytes");
  }
  FilterPattern pattern;
  size_t at = 0;
  while (true) {
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at == text.size()) return pattern;
    std::vector<std::string>* list = &pattern.wanted_;
    if (text[at] == '-') {
      list = &pattern.unwanted_;
      if (++at == text.size() || is_blank(text[at])) return refuse("a '-' stands alone");
    }
    std::string term;
    if (text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        term += text[at];
      }
      if (at == text.size()) return refuse("a quote is not closed");
      ++at;
      if (at < text.size() && !is_blank(text[at])) return refuse("no blank after a quote");
      if (term.empty()) return refuse("a quoted phrase is empty");
    } else {
      if (text[at] == '{') return refuse("JSON patterns are not available");
      if (text[at] == '[') return refuse("space-delimited patterns are not available");
      if (text[at] == '%') return refuse("regular expressions are not available");
      if (text[at] == '?') return refuse("?terms are not available");
      for (; at < text.size() && !is_blank(text[at]); ++at) {
        if (text[at] == '"') return refuse("a quote within a term");
        term += text[at];
      }
    }
    list->push_back(std::move(term));
  }
}

bool FilterPattern::matches(std::string_view message) const {
  for (const std::string& term : wanted_) {
    if (message.find(term) == std::string_view::npos) return false;
  }
  for (const std::string& term : unwanted_) {
    if (message.find(term) != std::string_view::npos) return false;
  }
  return true;
}

}  // namespace kiln::services
