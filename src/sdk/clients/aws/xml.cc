#include "sdk/clients/aws/xml.h"

#include <algorithm>
#include <charconv>

namespace kiln::aws::xml {
namespace {

constexpr int kMaxDepth = 64;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool ends_name(char c) { return is_blank(c) || c == '>' || c == '/' || c == '<' || c == '='; }

void append_utf8(uint32_t code, std::string& out) {
  const auto add = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | code >> 6);
    add(0x80 | (code & 63));
  } else if (code < 0x10000) {
    add(0xE0 | code >> 12);
    add(0x80 | (code >> 6 & 63));
    add(0x80 | (code & 63));
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 63));
    add(0x80 | (code >> 6 & 63));
    add(0x80 | (code & 63));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<Element> document() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    std::optional<Element> root;
    while (skip_between()) {
      if (root || !starts("<") || starts("<!")) return std::nullopt;
      Element element;
      if (!read_element(element, 0)) return std::nullopt;
      root = std::move(element);
    }
    return at_ == text_.size() ? std::move(root) : std::nullopt;
  }

 private:
  bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  // Past the end of `mark`; false: it doesn't come.
  bool skip_past(std::string_view mark) {
    const size_t found = text_.find(mark, at_);
    if (found == std::string_view::npos) return false;
    at_ = found + mark.size();
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  // Blanks, comments and instructions outside the root. True: there is more.
  bool skip_between() {
    while (true) {
      skip_blanks();
      if (starts("<?")) {
        if (!skip_past("?>")) return at_ < text_.size();
      } else if (starts("<!--")) {
        if (!skip_past("-->")) return at_ < text_.size();
      } else {
        return at_ < text_.size();
      }
    }
  }

  std::string_view read_name() {
    const size_t from = at_;
    while (at_ < text_.size() && !ends_name(text_[at_])) ++at_;
    const std::string_view name = text_.substr(from, at_ - from);
    return name.substr(name.find(':') + 1);  // npos + 1 is 0
  }

  // From behind the name to behind ">". False: not well-formed.
  bool skip_attributes(bool& empty) {
    while (at_ < text_.size()) {
      skip_blanks();
      if (starts("/>")) {
        at_ += 2;
        empty = true;
        return true;
      }
      if (starts(">")) {
        ++at_;
        empty = false;
        return true;
      }
      if (read_name().empty()) return false;
      skip_blanks();
      if (!starts("=")) return false;
      ++at_;
      skip_blanks();
      if (!starts("\"") && !starts("'")) return false;
      const char quote = text_[at_++];
      if (!skip_past(std::string_view(&quote, 1))) return false;
    }
    return false;
  }

  bool read_element(Element& element, int depth) {
    if (depth == kMaxDepth) return false;
    ++at_;  // "<"
    element.name = read_name();
    bool empty = false;
    if (element.name.empty() || !skip_attributes(empty)) return false;
    if (empty) return true;
    while (at_ < text_.size()) {
      if (starts("</")) {
        at_ += 2;
        if (read_name() != element.name) return false;
        skip_blanks();
        if (!starts(">")) return false;
        ++at_;
        return true;
      }
      if (starts("<!--")) {
        if (!skip_past("-->")) return false;
      } else if (starts("<![CDATA[")) {
        const size_t from = at_ + 9;
        if (!skip_past("]]>")) return false;
        element.text.append(text_.substr(from, at_ - 3 - from));
      } else if (starts("<?")) {
        if (!skip_past("?>")) return false;
      } else if (starts("<!")) {
        return false;
      } else if (starts("<")) {
        if (!read_element(element.elements.emplace_back(), depth + 1)) return false;
      } else if (!read_text(element.text)) {
        return false;
      }
    }
    return false;
  }

  bool read_text(std::string& out) {
    while (at_ < text_.size() && text_[at_] != '<') {
      const size_t end = std::min(text_.find_first_of("<&", at_), text_.size());
      out.append(text_.substr(at_, end - at_));
      at_ = end;
      if (starts("&") && !read_reference(out)) return false;
    }
    return true;
  }

  bool read_reference(std::string& out) {
    const size_t end = text_.find(';', at_);
    if (end == std::string_view::npos || end - at_ > 12) return false;
    const std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (name == "lt") return out += '<', true;
    if (name == "gt") return out += '>', true;
    if (name == "amp") return out += '&', true;
    if (name == "quot") return out += '"', true;
    if (name == "apos") return out += '\'', true;
    if (!name.starts_with('#')) return false;
    const bool hexadecimal = name.starts_with("#x");
    const std::string_view number = name.substr(hexadecimal ? 2 : 1);
    uint32_t code = 0;
    const auto [rest, error] =
        std::from_chars(number.data(), number.data() + number.size(), code, hexadecimal ? 16 : 10);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (error != std::errc() || rest != number.data() + number.size() || code == 0 || surrogate ||
        code > 0x10FFFF) {
      return false;
    }
    append_utf8(code, out);
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

const Element* Element::child(std::string_view child_name) const {
  for (const Element& element : elements) {
    if (element.name == child_name) return &element;
  }
  return nullptr;
}

std::vector<const Element*> Element::children(std::string_view child_name) const {
  std::vector<const Element*> out;
  for (const Element& element : elements) {
    if (element.name == child_name) out.push_back(&element);
  }
  return out;
}

std::string Element::text_of(std::string_view child_name) const {
  const Element* element = child(child_name);
  return element ? element->text : std::string();
}

std::optional<Element> parse(std::string_view text) { return Reader(text).document(); }

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace kiln::aws::xml
