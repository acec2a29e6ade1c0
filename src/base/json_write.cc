// The text of a Json.
#include <algorithm>
#include <charconv>
#include <ostream>

#include "base/json.h"
#include "base/json_text.h"

namespace kiln {
namespace {

enum class Order { kAsSet, kByName };

class Writer {
 public:
  Writer(std::string& out, Order order, std::optional<size_t> indent = {})
      : out_(out), order_(order), indent_(indent) {}

  void write(const Json& value) {
    switch (value.kind()) {
      case Json::Kind::kNull:
        out_ += "null";
        return;
      case Json::Kind::kBoolean:
        out_ += *value.boolean() ? "true" : "false";
        return;
      case Json::Kind::kInteger:
        return whole(*value.integer());
      case Json::Kind::kUnsigned:
        return whole(*value.integer<uint64_t>());
      case Json::Kind::kDouble:
        // 1.0 equals 1: one text in the canonical form.
        if (const auto n = value.integer(); n && order_ == Order::kByName) return whole(*n);
        return append_json_number(out_, *value.number());
      case Json::Kind::kText:
        return append_json_string(out_, value.text());
      case Json::Kind::kArray:
        return array(value.elements());
      case Json::Kind::kObject:
        return object(value.members());
    }
  }

 private:
  void whole(auto value) {
    char buffer[24];
    out_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  }

  void array(const std::vector<Json>& elements) {
    begin('[');
    for (const Json& element : elements) {
      line(&element == elements.data());
      write(element);
    }
    end(']', elements.empty());
  }

  void object(const std::vector<Json::Member>& members) {
    begin('{');
    bool is_first = true;
    const auto put = [&](const Json::Member& member) {
      line(std::exchange(is_first, false));
      append_json_string(out_, member.name);
      out_ += indent_ ? ": " : ":";
      write(member.value);
    };
    if (order_ == Order::kByName) {
      std::vector<const Json::Member*> sorted;
      sorted.reserve(members.size());
      for (const Json::Member& member : members) sorted.push_back(&member);
      std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->name < b->name; });
      for (const Json::Member* member : sorted) put(*member);
    } else {
      for (const Json::Member& member : members) put(member);
    }
    end('}', members.empty());
  }

  void begin(char bracket) {
    out_ += bracket;
    ++depth_;
  }
  void line(bool is_first) {
    if (!is_first) out_ += ',';
    if (indent_) (out_ += '\n').append(depth_ * *indent_, ' ');
  }
  void end(char bracket, bool is_empty) {
    --depth_;
    if (!is_empty) line(true);
    out_ += bracket;
  }

  std::string& out_;
  const Order order_;
  const std::optional<size_t> indent_;
  size_t depth_ = 0;
};

}  // namespace

void Json::append_to(std::string& out) const { Writer(out, Order::kAsSet).write(*this); }

std::string Json::to_text() const {
  std::string out;
  append_to(out);
  return out;
}

std::string Json::to_pretty_text(size_t indent) const {
  std::string out;
  Writer(out, Order::kAsSet, indent).write(*this);
  return out;
}

std::string Json::canonical_text() const {
  std::string out;
  Writer(out, Order::kByName).write(*this);
  return out;
}

std::ostream& operator<<(std::ostream& out, const Json& value) { return out << value.to_text(); }

}  // namespace kiln
