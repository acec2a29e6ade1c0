// Where a template's problems are, in and out of their text. text_of() writes the place in front;
// AWS's own texts have none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::cfn {

// Whether the text, a problem a line, has the place of one.
bool has_place(std::string_view text);

// As AWS says it: the first problem alone, without its place. A text without places is given back.
std::string without_place(std::string_view text);

// "message (line 12, column 3)", for texts that people alone read.
std::string place_last(std::string_view text);

// "a, b, c".
inline std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace kiln::cfn
