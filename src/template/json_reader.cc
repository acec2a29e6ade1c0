// JSON with the places of its values: the JSON library's parser, fed through an iterator that knows
// in which line it is.
#include <cstring>
#include <iterator>

#include "template/node_reader.h"

namespace kiln::cfn {
namespace {

using nlohmann::json;

// Where the parser is, and where the token began that it reads: the parser tells of each token as
// soon as it has it, and what follows up to the next one is blanks, a comma or a colon.
struct Cursor {
  Place now{1, 1};
  Place token;
  bool between = true;

  void pass(char c) {
    if (between && !std::strchr(" \t\r\n,:", c)) {
      between = false;
      token = now;
    }
    const bool continues = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;  // of a character
    if (c == '\n')
      now = {now.line + 1, 1};
    else if (!continues)
      ++now.column;
  }
};

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  CountingIterator(const char* at, Cursor* cursor) : at_(at), cursor_(cursor) {}
  char operator*() const { return *at_; }
  CountingIterator& operator++() {
    cursor_->pass(*at_);
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  Cursor* cursor_;
};

class JsonHandler final : public nlohmann::json_sax<json> {
 public:
  explicit JsonHandler(Cursor& cursor) : cursor_(cursor) {}

  bool null() override { return scalar(Node::Kind::kNull, ""); }
  bool boolean(bool value) override { return scalar(Node::Kind::kBool, value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return scalar(Node::Kind::kNumber, std::to_string(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return scalar(Node::Kind::kNumber, std::to_string(value));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return scalar(Node::Kind::kNumber, text);
  }
  bool string(string_t& value) override { return scalar(Node::Kind::kText, std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool key(string_t& value) override { return string(value); }
  bool start_object(size_t) override { return begin(Node::Kind::kMap); }
  bool start_array(size_t) override { return begin(Node::Kind::kList); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool parse_error(size_t, const std::string&, const json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while … - …;
    // last read: '…'; expected …". What was read may end within a character, and is long at times.
    std::string text = error.what();
    if (const size_t colon = text.find(": "); colon != std::string::npos)
      text = text.substr(colon + 2);
    if (const size_t read = text.find("; last read: "); read != std::string::npos) {
      const size_t expected = text.rfind("'; expected ");
      text = text.substr(0, read) +
             (expected == std::string::npos ? std::string() : text.substr(expected + 1));
    }
    const Place place = cursor_.between ? cursor_.now : cursor_.token;
    // AWS counts the character that it has read, so that its column is one more.
    problem_ = {"Template format error: JSON not well-formed. (line " + std::to_string(place.line) +
                    ", column " + std::to_string(place.column + 1) + ")\n" + text,
                place};
    return false;
  }

  TreeBuilder tree;
  const Problem& problem() const { return problem_; }

 private:
  Place begun() {
    cursor_.between = true;
    return cursor_.token;
  }
  bool scalar(Node::Kind kind, std::string text) {
    tree.scalar(kind, std::move(text), begun());
    return true;
  }
  bool begin(Node::Kind kind) {
    tree.begin(kind, begun());
    return true;
  }
  bool end() {
    begun();
    tree.end();
    return true;
  }

  Cursor& cursor_;
  Problem problem_;
};

// AWS's parser takes a comma behind the last of a list or a map, as YAML does. A blank in its place
// leaves all others where they are.
std::string without_last_commas(std::string_view text) {
  std::string out(text);
  size_t comma = std::string::npos;  // behind a value, if nothing but blanks came since
  bool quoted = false, behind_value = false;
  for (size_t i = 0; i < out.size(); ++i) {
    const char c = out[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
      continue;
    }
    if (std::strchr(" \t\r\n", c)) continue;
    if ((c == '}' || c == ']') && comma != std::string::npos) out[comma] = ' ';
    comma = c == ',' && behind_value ? i : std::string::npos;
    behind_value = !std::strchr("{[,:", c);
    quoted = c == '"';
  }
  return out;
}

}  // namespace

NodeOrProblem read_json(std::string_view given, std::vector<Problem>* notes) {
  const std::string text = without_last_commas(given);
  Cursor cursor;
  JsonHandler handler(cursor);
  try {
    const CountingIterator first(text.data(), &cursor);
    const CountingIterator last(text.data() + text.size(), &cursor);
    if (!json::sax_parse(first, last, &handler)) return handler.problem();
  } catch (const TreeBuilder::Stop& stop) {
    return stop.problem;
  }
  if (notes) *notes = handler.tree.take_notes();
  return handler.tree.take();
}

}  // namespace kiln::cfn
