#include "template/problem_text.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "template/template.h"

namespace kiln::cfn {
namespace {

constexpr std::string_view kLine = "line ", kColumn = ", column ";

// How many bytes of `text` are digits from `at` on.
size_t digits(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && ascii::is_digit(text[end])) ++end;
  return end - at;
}

// The length of "line 12, column 3", which a colon and a blank follow; 0 when there is no place.
size_t place_length(std::string_view text) {
  if (!text.starts_with(kLine)) return 0;
  size_t at = kLine.size();
  const size_t line = digits(text, at);
  at += line;
  if (line == 0 || !text.substr(at).starts_with(kColumn)) return 0;
  at += kColumn.size();
  const size_t column = digits(text, at);
  at += column;
  return column > 0 && text.substr(at).starts_with(": ") ? at : 0;
}

}  // namespace

std::string text_of(const Problem& problem) {
  if (problem.place.line == 0) return problem.message;
  return std::string(kLine) + std::to_string(problem.place.line) + std::string(kColumn) +
         std::to_string(problem.place.column) + ": " + problem.message;
}

bool has_place(std::string_view text) {
  for (size_t start = 0;; ++start) {
    if (place_length(text.substr(start)) > 0) return true;
    start = text.find('\n', start);
    if (start == std::string_view::npos) return false;
  }
}

std::string without_place(std::string_view text) {
  if (!has_place(text)) return std::string(text);
  const std::string_view first = text.substr(0, text.find('\n'));
  const size_t place = place_length(first);
  return std::string(place > 0 ? first.substr(place + 2) : first);
}

std::string place_last(std::string_view text) {
  const size_t place = place_length(text);
  if (place == 0) return std::string(text);
  const std::string_view rest = text.substr(place + 2);
  const size_t end = std::min(rest.find('\n'), rest.size());
  return std::string(rest.substr(0, end)) + " (" + std::string(text.substr(0, place)) + ")" +
         std::string(rest.substr(end));
}

}  // namespace kiln::cfn
