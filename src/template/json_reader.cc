// JSON with the places of its values: the JSON library's parser, fed through an iterator that knows
// in which line it is.
#include <iterator>

#include "template/node_reader.h"

namespace kiln::cfn {
namespace {

using nlohmann::json;

struct Cursor {
  uint32_t line = 1;
  uint32_t column = 1;
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
    if (*at_ == '\n') {
      ++cursor_->line;
      cursor_->column = 1;
    } else {
      ++cursor_->column;
    }
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

class Handler final : public nlohmann::json_sax<json> {
 public:
  explicit Handler(const Cursor& cursor) : cursor_(cursor) {}

  bool null() override { return scalar(Node::Kind::kNull, "", 4); }
  bool boolean(bool value) override {
    return scalar(Node::Kind::kBool, value ? "true" : "false", value ? 4 : 5);
  }
  bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return number(text); }
  bool string(string_t& value) override {
    const size_t size = value.size() + 2;
    return scalar(Node::Kind::kText, std::move(value), size);
  }
  bool binary(binary_t&) override { return false; }
  bool key(string_t& value) override { return string(value); }
  bool start_object(size_t) override { return begin(Node::Kind::kMap); }
  bool start_array(size_t) override { return begin(Node::Kind::kList); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool parse_error(size_t, const std::string& last, const json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while …"
    std::string text = error.what();
    if (const size_t colon = text.find(": "); colon != std::string::npos)
      text = text.substr(colon + 2);
    problem_ = {"Template format error: JSON not well-formed: " + text, back(last.size())};
    return false;
  }

  TreeBuilder tree;
  const Problem& problem() const { return problem_; }

 private:
  // Where a token of `size` bytes began that was read just now.
  Place back(size_t size) const {
    const auto width = static_cast<uint32_t>(size);
    return {cursor_.line, cursor_.column > width ? cursor_.column - width : 1};
  }
  // Of a number the parser has read one byte more.
  bool number(std::string text) {
    const size_t size = text.size() + 1;
    return scalar(Node::Kind::kNumber, std::move(text), size);
  }
  bool scalar(Node::Kind kind, std::string text, size_t size) {
    tree.scalar(kind, std::move(text), back(size));
    return true;
  }
  bool begin(Node::Kind kind) {
    tree.begin(kind, back(1));
    return true;
  }
  bool end() {
    tree.end();
    return true;
  }

  const Cursor& cursor_;
  Problem problem_;
};

}  // namespace

NodeOrProblem read_json(std::string_view text) {
  Cursor cursor;
  Handler handler(cursor);
  try {
    const CountingIterator first(text.data(), &cursor);
    const CountingIterator last(text.data() + text.size(), &cursor);
    if (!json::sax_parse(first, last, &handler)) return handler.problem();
  } catch (const TreeBuilder::Stop& stop) {
    return stop.problem;
  }
  return handler.tree.take();
}

}  // namespace kiln::cfn
