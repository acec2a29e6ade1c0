#include "kiln/json_view.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "sdk/core/json_reader.h"

namespace kiln {
namespace {

using sdk::JsonReader;

constexpr size_t kGrown = 1024;  // nodes that cost nothing worth a guess
constexpr size_t kMaxText = size_t{1} << 30;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // may precede JSON text

bool is_whole_text(std::string_view number) {
  return number.find_first_of(".eE") == std::string_view::npos;
}

template <class T>
std::optional<T> parsed(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool JsonView::is_whole() const {
  if (kind() != Kind::kNumber || !is_whole_text(view())) return false;
  constexpr size_t kAlwaysFits = 18;  // digits
  return node_->size <= kAlwaysFits || parsed<int64_t>(view()) || parsed<uint64_t>(view());
}

std::optional<int64_t> JsonView::whole() const {
  if (kind() != Kind::kNumber) return std::nullopt;
  return parsed<int64_t>(view());
}

std::optional<double> JsonView::number() const {
  if (kind() != Kind::kNumber) return std::nullopt;
  return JsonReader(view()).number().value;
}

JsonView JsonView::operator[](std::string_view name) const {
  JsonView found;
  if (kind() != Kind::kObject) return found;
  const Node* const end = node_ + node_->span;
  for (const Node* at = node_ + 1; at != end; at += 1 + at[1].span) {
    if (at->size == name.size() && JsonReader::same(at->begin, name)) {
      found = JsonView(at + 1);
    }
  }
  return found;
}

void JsonView::pick(const std::string_view* names, JsonView* found, size_t count) const {
  if (kind() != Kind::kObject) return;
  const Node* const end = node_ + node_->span;
  size_t next = 0;  // where the search for a name begins: behind the last one that was found
  for (const Node* at = node_ + 1; at != end; at += 1 + at[1].span) {
    for (size_t tried = 0; tried < count; ++tried) {
      const std::string_view name = names[next];
      const size_t which = next;
      if (++next == count) next = 0;
      if (at->size == name.size() && JsonReader::same(at->begin, name)) {
        found[which] = JsonView(at + 1);
        break;
      }
    }
  }
}

// Reads the text into nodes, level by level, without recursion.
struct JsonDocument::Builder {
  Builder(JsonDocument& document, std::string_view document_text, const char* what)
      : d(document), text(document_text), reader(document_text, what) {}

  Node& add(JsonView::Kind kind) {
    if (used == d.room_) grow();
    Node& node = d.nodes_[used++];
    node.span = 1;
    node.count = 0;
    node.kind = kind;
    return node;
  }

  void grow() {
    // By what the text has needed so far, and some: two to four times as many, since a text may be
    // unlike its beginning.
    const auto done = static_cast<size_t>(reader.at() - text.data()) + 1;
    const size_t guess = used + used * (text.size() - done) / done * 9 / 8 + 16;
    const size_t room = std::clamp(guess, 2 * used, 4 * used + kGrown);
    auto more = std::make_unique_for_overwrite<Node[]>(room);
    std::memcpy(more.get(), d.nodes_, used * sizeof(Node));
    d.many_ = std::move(more);
    d.nodes_ = d.many_.get();
    d.room_ = room;
  }

  // A text or a name; the reader is in front of its quote.
  void add_text() {
    Node& node = add(JsonView::Kind::kText);
    if (std::string_view plain; reader.plain_string(plain)) {
      node.begin = plain.data();
      node.size = static_cast<uint32_t>(plain.size());
      return;
    }
    if (!d.unescaped_) {  // room for all that may come
      const auto left = text.size() - static_cast<size_t>(reader.at() - text.data());
      d.unescaped_ = std::make_unique_for_overwrite<char[]>(left + JsonReader::kDecodeRoom);
      free = d.unescaped_.get();
    }
    node.begin = free;
    node.size = static_cast<uint32_t>(reader.decode_string(free));
    free += node.size;
  }

  void add_name() {
    add_text();
    reader.key_ends();
  }

  void written(Node& node, const char* begin) {
    node.begin = begin;
    node.size = static_cast<uint32_t>(reader.at() - begin);
  }

  void add_word(JsonView::Kind kind, std::string_view word) {
    const char* const begin = reader.at();
    reader.word(word);
    written(add(kind), begin);
  }

  // One value, or the beginning of one that others are in. True: such a one that is not empty.
  bool add_value() {
    const auto kind = reader.peek();
    const char* const begin = reader.at();
    switch (kind) {
      case JsonReader::Kind::kObject:
      case JsonReader::Kind::kArray: {
        const bool object = kind == JsonReader::Kind::kObject;
        Node& node = add(object ? JsonView::Kind::kObject : JsonView::Kind::kArray);
        node.begin = begin;
        if (object ? reader.enter_object() : reader.enter_array()) return true;
        written(node, begin);
        return false;
      }
      case JsonReader::Kind::kString:
        add_text();
        return false;
      case JsonReader::Kind::kNumber:
        if (!std::isfinite(reader.number().value)) reader.fail("a number that is too large");
        written(add(JsonView::Kind::kNumber), begin);
        return false;
      case JsonReader::Kind::kTrue:
        return add_word(JsonView::Kind::kTrue, "true"), false;
      case JsonReader::Kind::kFalse:
        return add_word(JsonView::Kind::kFalse, "false"), false;
      case JsonReader::Kind::kNull:
        return add_word(JsonView::Kind::kNull, "null"), false;
    }
    return false;
  }

  // All of it.
  void build() {
    size_t level = kNone;  // the object or array that is being read
    while (true) {
      if (level != kNone) {
        ++d.nodes_[level].count;
        if (d.nodes_[level].kind == JsonView::Kind::kObject) add_name();
      }
      if (const size_t index = used; add_value()) {
        // Until it ends, its span is the distance to the level that it is in.
        d.nodes_[index].span = static_cast<uint32_t>(index - level);
        level = index;
        continue;
      }
      while (level != kNone) {
        Node& node = d.nodes_[level];
        const bool object = node.kind == JsonView::Kind::kObject;
        if (object ? reader.more_members() : reader.more_elements()) break;
        written(node, node.begin);
        const size_t outer = level - node.span;
        node.span = static_cast<uint32_t>(used - level);
        level = outer;
      }
      if (level == kNone) return reader.end();
    }
  }

  // So that the outermost value's distance is its own number and one.
  static constexpr size_t kNone = static_cast<size_t>(-1);

  JsonDocument& d;
  const std::string_view text;
  JsonReader reader;
  size_t used = 0;
  char* free = nullptr;  // of the room for texts without their escapes
};

JsonDocument::JsonDocument(std::string_view text, const char* what) {
  if (text.size() >= kMaxText) {
    throw std::invalid_argument(std::string(what) + ": its text has 1 GiB or more");
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Builder(*this, text, what).build();
}

}  // namespace kiln
