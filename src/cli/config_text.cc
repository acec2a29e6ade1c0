#include <array>
#include <utility>

#include "cli/config_file.h"

namespace kiln::cli {
namespace {

constexpr size_t kMostShown = 60;  // of a line in a message

std::string shown_line(std::string_view text) {
  const bool cut = text.size() > kMostShown;
  std::string out = "'";
  for (const unsigned char c : text.substr(0, kMostShown))
    out += c < ' ' || c == 127 ? '?' : static_cast<char>(c);
  return out + (cut ? "…'" : "'");
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

class ConfigReader {
 public:
  ConfigReader(const std::string& file, std::string_view text) : file_(file), text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  std::vector<ConfigSetting> read() {
    std::vector<ConfigSetting> settings;
    std::vector<std::string> section;
    while (true) {
      skip_blank_lines();
      if (text_.empty()) return settings;
      const std::string_view line = without_blanks(text_.substr(0, text_.find('\n')));
      if (line.front() == '[') {
        const int opened_on = line_;
        section = read_section(line);
        ConfigSetting opened{section, {}, false, opened_on};
        opened.path.emplace_back();
        settings.push_back(std::move(opened));
        continue;
      }
      ConfigSetting setting{section, {}, false, line_};
      for (std::string& word : read_name(line)) setting.path.push_back(std::move(word));
      read_value(setting);
      settings.push_back(std::move(setting));
    }
  }

 private:
  [[noreturn]] void refuse(int line, const std::string& what) const {
    throw ConfigFault(file_ + ", line " + std::to_string(line) + ": " + what);
  }

  void next_line() {
    const size_t end = text_.find('\n');
    text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
    ++line_;
  }

  void skip_blanks() {
    while (!text_.empty() && is_blank(text_.front())) text_.remove_prefix(1);
  }

  void skip_blank_lines() {
    while (true) {
      skip_blanks();
      if (text_.empty()) return;
      if (text_.front() != '\n' && text_.front() != '#') return;
      next_line();
    }
  }

  // "alarm.set" → {"alarm", "set"}.
  std::vector<std::string> read_dotted(std::string_view text, std::string_view line) const {
    std::vector<std::string> words;
    while (true) {
      const size_t dot = text.find('.');
      std::string_view word = without_blanks(text.substr(0, dot));
      if (word.size() >= 2 && word.front() == word.back() &&
          (word.front() == '"' || word.front() == '\''))
        word = word.substr(1, word.size() - 2);
      bool fits = !word.empty();
      for (const char c : word) fits = fits && is_name_character(c);
      if (!fits)
        refuse(line_, shown_line(line) +
                          " has no name of a command or an option, which has letters, digits, and "
                          "'-'");
      words.emplace_back(word);
      if (dot == std::string_view::npos) return words;
      text.remove_prefix(dot + 1);
    }
  }

  std::vector<std::string> read_section(std::string_view line) {
    const size_t end = line.find(']');
    if (end == std::string_view::npos)
      refuse(line_, shown_line(line) + " has no ']' at its end; a section is written as [serve]");
    const std::string_view rest = without_blanks(line.substr(end + 1));
    if (line.starts_with("[[") || (!rest.empty() && rest.front() != '#'))
      refuse(line_, shown_line(line) + " is not a section; write it as [serve], on its own line");
    std::vector<std::string> words = read_dotted(line.substr(1, end - 1), line);
    next_line();
    return words;
  }

  // Up to and with the '='.
  std::vector<std::string> read_name(std::string_view line) {
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos)
      refuse(line_, shown_line(line) +
                        " has no '='; write NAME = VALUE, as in port = 4567 or here = true");
    std::vector<std::string> words = read_dotted(line.substr(0, equals), line);
    text_.remove_prefix(text_.find('=') + 1);
    return words;
  }

  void read_value(ConfigSetting& setting) {
    skip_blanks();
    if (!text_.empty() && text_.front() == '[') {
      setting.is_list = true;
      read_list(setting);
    } else {
      setting.values.push_back(read_one(setting.path.back(), "#\n"));
    }
    skip_blanks();
    if (!text_.empty() && text_.front() != '\n' && text_.front() != '#')
      refuse(line_, "nothing may follow the value of " + setting.path.back() + ", but there is " +
                        shown_line(without_blanks(text_.substr(0, text_.find('\n')))));
    next_line();
  }

  void read_list(ConfigSetting& setting) {
    text_.remove_prefix(1);
    bool wants_comma = false;
    while (true) {
      skip_blank_lines();
      if (text_.empty())
        refuse(setting.line, "the list of " + setting.path.back() + " has no ']' at its end");
      if (text_.front() == ']') {
        text_.remove_prefix(1);
        return;
      }
      if (wants_comma) {
        if (text_.front() != ',')
          refuse(line_, "the values of " + setting.path.back() + " need commas between them");
        text_.remove_prefix(1);
        wants_comma = false;
        continue;
      }
      setting.values.push_back(read_one(setting.path.back(), ",]#\n"));
      wants_comma = true;
    }
  }

  std::string read_one(const std::string& name, std::string_view stops) {
    const char quote = text_.empty() ? '\0' : text_.front();
    if (quote == '"' || quote == '\'') return read_quoted(name, quote);
    const std::string_view bare = without_blanks(text_.substr(0, text_.find_first_of(stops)));
    if (bare.empty())
      refuse(line_, name +
                        " has no value; write NAME = VALUE, as in port = 4567, and \"\" for an "
                        "empty one");
    for (const char c : bare)
      if (is_blank(c) || c == '"' || c == '\'')
        refuse(line_, "put quotes around the value of " + name + ": " + shown_line(bare));
    text_.remove_prefix(bare.size());
    return std::string(bare);
  }

  std::string read_quoted(const std::string& name, char quote) {
    constexpr std::array kEscapes = {std::pair{'n', '\n'}, std::pair{'t', '\t'},
                                     std::pair{'r', '\r'}, std::pair{'"', '"'},
                                     std::pair{'\\', '\\'}};
    std::string out;
    for (size_t i = 1; i < text_.size() && text_[i] != '\n'; ++i) {
      if (text_[i] == quote) {
        text_.remove_prefix(i + 1);
        return out;
      }
      if (quote == '\'' || text_[i] != '\\') {
        out += text_[i];
        continue;
      }
      const char escaped = i + 1 < text_.size() ? text_[++i] : '\0';
      bool known = false;
      for (const auto& [from, to] : kEscapes) {
        if (from != escaped) continue;
        out += to;
        known = true;
      }
      if (!known)
        refuse(line_, "the value of " + name +
                          " has a backslash that means nothing in \"…\"; write \\\\, or put the "
                          "value in '…'");
    }
    refuse(line_, "the value of " + name + " has no " + quote + " at its end");
  }

  const std::string& file_;
  std::string_view text_;
  int line_ = 1;
};

}  // namespace

std::vector<ConfigSetting> parse_config(const std::string& file, std::string_view text) {
  return ConfigReader(file, text).read();
}

}  // namespace kiln::cli
