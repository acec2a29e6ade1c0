#include "telemetry/search_tokens.h"

#include <algorithm>

#include "base/ascii.h"

namespace kiln::telemetry {
namespace {

enum class CharacterKind { kOther, kDigit, kLower, kUpper };

// What is no ASCII is a letter without a case.
CharacterKind kind_of(char c) {
  if (ascii::is_digit(c)) return CharacterKind::kDigit;
  if (ascii::is_upper(c)) return CharacterKind::kUpper;
  if (ascii::is_lower(c) || static_cast<unsigned char>(c) >= 0x80) return CharacterKind::kLower;
  return CharacterKind::kOther;
}

// A part of a name, and whether more than capitals and digits stand between it and the one before.
struct Part {
  std::string text;
  bool apart = true;
};

// "SDBFailure" is SDB and Failure: of capitals before a small letter, the last belongs to it.
bool begins_part(std::string_view name, size_t at) {
  const CharacterKind before = kind_of(name[at - 1]);
  const CharacterKind kind = kind_of(name[at]);
  if (before == kind)
    return kind == CharacterKind::kUpper && at + 1 < name.size() &&
           kind_of(name[at + 1]) == CharacterKind::kLower;
  return !(before == CharacterKind::kUpper && kind == CharacterKind::kLower);
}

std::vector<Part> parts_of(std::string_view name) {
  std::vector<Part> parts;
  for (size_t at = 0; at < name.size(); ++at) {
    if (kind_of(name[at]) == CharacterKind::kOther) continue;
    const bool apart = at == 0 || kind_of(name[at - 1]) == CharacterKind::kOther;
    if (apart || begins_part(name, at)) parts.push_back({"", apart});
    parts.back().text.push_back(name[at]);
  }
  return parts;
}

std::string joined(const std::vector<Part>& parts) {
  std::string out;
  for (const Part& part : parts) out += ascii::lower(part.text);
  return out;
}

}  // namespace

std::vector<std::string> name_parts(std::string_view name) {
  std::vector<std::string> out;
  for (Part& part : parts_of(name)) out.push_back(std::move(part.text));
  return out;
}

bool finds(std::string_view term, std::string_view name) {
  const auto wanted = parts_of(term);
  const auto there = parts_of(name);
  if (wanted.empty() || there.empty()) return false;
  // A name as a whole is a token, too.
  if (joined(wanted) == joined(there)) return true;
  const auto matches = [&](const Part& given, const Part& of_term) {
    const size_t at = static_cast<size_t>(&of_term - wanted.data());
    const bool alone = of_term.apart && (at + 1 == wanted.size() || wanted[at + 1].apart);
    return alone ? ascii::lower(given.text) == ascii::lower(of_term.text)
                 : given.text == of_term.text;
  };
  return std::search(there.begin(), there.end(), wanted.begin(), wanted.end(), matches) !=
         there.end();
}

}  // namespace kiln::telemetry
