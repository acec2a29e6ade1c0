// Text to values: the JSON library's parser, fed through an iterator that tells how far it is.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/json_events.h"

namespace kiln {
namespace {

using Library = nlohmann::json;

class Position {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  Position(const char* at, const char** now) : at_(at), now_(now) {}
  char operator*() const { return *at_; }
  Position& operator++() {
    *now_ = ++at_;
    return *this;
  }
  Position operator++(int) {
    const Position before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Position& other) const { return at_ == other.at_; }
  bool operator!=(const Position& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** now_;
};

// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while … - …; last
// read: '…'; expected …". What was read may end within a character, and is long at times.
std::string reason(std::string text) {
  if (text.starts_with("[json.exception.out_of_range")) return "a number is out of range";
  if (const size_t colon = text.find(": "); colon != std::string::npos) text.erase(0, colon + 2);
  if (const size_t read = text.find("; last read: "); read != std::string::npos) {
    const size_t expected = text.rfind("'; expected ");
    text = text.substr(0, read) +
           (expected == std::string::npos ? std::string() : text.substr(expected + 1));
  }
  return text;
}

// Passes the library's events on, with the places of their tokens: the library tells of a token as
// soon as it has it, and up to the next one there are blanks, a comma or a colon.
class Handler {
 public:
  using number_integer_t = Library::number_integer_t;
  using number_unsigned_t = Library::number_unsigned_t;
  using number_float_t = Library::number_float_t;
  using string_t = Library::string_t;
  using binary_t = Library::binary_t;

  Handler(std::string_view text, JsonEvents& events)
      : text_(text), events_(events), now_(text.data()), passed_(text.data()) {}

  const char** now() { return &now_; }
  JsonStop stop() && { return {at_, std::move(why_)}; }

  bool null() { return events_.null(begun()); }
  bool boolean(bool value) { return events_.boolean(value, begun()); }
  bool number_integer(int64_t value) { return events_.integer(value, begun()); }
  bool number_unsigned(uint64_t value) { return events_.unsigned_integer(value, begun()); }
  bool number_float(double value, const std::string& written) {
    return events_.real(value, written, begun());
  }
  bool string(std::string& value) { return events_.text(value, begun()); }
  bool binary(binary_t&) { return false; }
  bool key(std::string& value) { return events_.name(value, begun()); }
  bool start_object(size_t) { return events_.begin_object(begun()); }
  bool start_array(size_t) { return events_.begin_array(begun()); }
  bool end_object() {
    begun();
    return events_.end_object();
  }
  bool end_array() {
    begun();
    return events_.end_array();
  }
  // `read`: bytes so far, the end of the text counts as one.
  bool parse_error(size_t read, const std::string&, const Library::exception& error) {
    begun();
    if (at_ == static_cast<size_t>(now_ - text_.data())) at_ = read > 0 ? read - 1 : 0;
    why_ = reason(error.what());
    return false;
  }

 private:
  size_t begun() {
    constexpr std::string_view kBetween = " \t\r\n,:";
    while (passed_ < now_ && kBetween.find(*passed_) != std::string_view::npos) ++passed_;
    at_ = static_cast<size_t>(passed_ - text_.data());
    passed_ = now_;
    return at_;
  }

  const std::string_view text_;
  JsonEvents& events_;
  const char* now_;     // up to here the library has read
  const char* passed_;  // up to here it has told of tokens
  size_t at_ = 0;       // where the last token began
  std::string why_;
};

class Builder final : public JsonEvents {
 public:
  explicit Builder(size_t max_depth) : max_depth_(max_depth) {}

  bool null(size_t) override { return put(Json()); }
  bool boolean(bool value, size_t) override { return put(Json(value)); }
  bool integer(int64_t value, size_t) override { return put(Json(value)); }
  bool unsigned_integer(uint64_t value, size_t) override { return put(Json(value)); }
  bool real(double value, std::string_view, size_t) override { return put(Json(value)); }
  bool text(std::string& value, size_t) override { return put(Json(std::move(value))); }
  bool name(std::string& value, size_t) override {
    member_ = &(*open_.back())[std::string_view(value)];
    return true;
  }
  bool begin_object(size_t) override { return begin(Json::object()); }
  bool begin_array(size_t) override { return begin(Json::array()); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }

  Json root;

 private:
  // The place of a value: only the innermost array or object grows while it is open, so that those
  // around it stay where they are.
  Json& place(Json value) {
    if (open_.empty()) return root = std::move(value);
    if (open_.back()->is_array()) return open_.back()->push_back(std::move(value));
    return *member_ = std::move(value);
  }
  bool put(Json value) {
    place(std::move(value));
    return true;
  }
  bool begin(Json value) {
    if (open_.size() >= max_depth_) return false;
    open_.push_back(&place(std::move(value)));
    return true;
  }
  bool end() {
    open_.pop_back();
    return true;
  }

  const size_t max_depth_;
  std::vector<Json*> open_;
  Json* member_ = nullptr;
};

class Checker final : public JsonEvents {
 public:
  bool null(size_t) override { return true; }
  bool boolean(bool, size_t) override { return true; }
  bool integer(int64_t, size_t) override { return true; }
  bool unsigned_integer(uint64_t, size_t) override { return true; }
  bool real(double, std::string_view, size_t) override { return true; }
  bool text(std::string&, size_t) override { return true; }
  bool name(std::string&, size_t) override { return true; }
  bool begin_object(size_t) override { return true; }
  bool begin_array(size_t) override { return true; }
  bool end_object() override { return true; }
  bool end_array() override { return true; }
};

}  // namespace

std::optional<JsonStop> read_json_events(std::string_view text, JsonEvents& events) {
  Handler handler(text, events);
  const Position first(text.data(), handler.now());
  const Position last(text.data() + text.size(), handler.now());
  if (!Library::sax_parse(first, last, &handler)) return std::move(handler).stop();
  // The library takes a zero byte for the end of the text.
  if (const size_t zero = text.find('\0'); zero != std::string_view::npos)
    return JsonStop{zero, "a zero byte"};
  return std::nullopt;
}

JsonFault json_fault_at(std::string_view text, const JsonStop& stop) {
  const std::string_view before = text.substr(0, stop.offset);
  const size_t newline = before.rfind('\n');
  const std::string_view line =
      newline == std::string_view::npos ? before : before.substr(newline + 1);
  const auto is_character = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; };
  return {static_cast<size_t>(1 + std::count(before.begin(), before.end(), '\n')),
          static_cast<size_t>(1 + std::count_if(line.begin(), line.end(), is_character)), stop.why};
}

std::optional<JsonFault> json_fault(std::string_view text) {
  Checker checker;
  const auto stop = read_json_events(text, checker);
  return stop ? std::optional(json_fault_at(text, *stop)) : std::nullopt;
}

Result<Json> Json::parse(std::string_view text, size_t max_depth, JsonFault* fault) {
  Builder builder(max_depth);
  const auto stop = read_json_events(text, builder);
  if (!stop) return std::move(builder.root);
  JsonFault found = json_fault_at(text, *stop);
  if (found.why.empty())
    found.why = "arrays and objects are nested more than " + std::to_string(max_depth) + " deep";
  Error error{ErrorKind::kInvalid, "InvalidJson",
              "line " + std::to_string(found.line) + ", column " + std::to_string(found.column) +
                  ": " + found.why};
  if (fault) *fault = std::move(found);
  return error;
}

Json Json::parse_or_null(std::string_view text) {
  Result<Json> parsed = parse(text);
  return parsed ? *std::move(parsed) : Json();
}

}  // namespace kiln
