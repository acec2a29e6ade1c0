// JsonDocument and JsonView: JSON text read in one pass and looked at where it lies, without a
// tree.
//
//   kiln::JsonDocument document(R"({"user":"Ada","items":[{"price":1.5},{"price":2}]})");
//   double sum = 0;
//   for (const kiln::JsonView item : document.root()["items"].elements()) {
//     sum += item["price"].number().value_or(0);
//   }
//   const auto [user, city] = document.root().pick({"user", "city"});
//   // user.text() == "Ada", city.absent()
//
// A handler may take one instead of the event's text; its answer is text:
//
//   int main() {
//     return kiln::run([](kiln::JsonView event, const kiln::Context&) -> std::string {
//       return event["name"].text() ? "true" : "false";
//     });
//   }
//
// All of RFC 8259 is checked when the document is made, UTF-8 included; what breaks it throws
// std::invalid_argument, which names the byte. Afterwards nothing throws: what is not there, or is
// of another kind, is absent or nothing. Of two members with one name the last one counts.
//
// Threading: a document is not changed once it is made. Ownership: refers to the text; views and
// the texts that they give end with the text and the document. Cost: 1 ns for a byte, no allocation
// for a document of up to 96 values and names whose texts have no escapes, else two or a few; a
// member is found by comparing names one by one. Nesting has no limit, the text is below 1 GiB.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kiln/run.h"

namespace kiln {

class JsonDocument;

class JsonView {
 public:
  enum class Kind : uint8_t { kAbsent, kNull, kTrue, kFalse, kNumber, kText, kArray, kObject };

  JsonView() : node_(&kNowhere) {}  // absent

  Kind kind() const { return node_->kind; }
  bool absent() const { return kind() == Kind::kAbsent; }
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_number() const { return kind() == Kind::kNumber; }
  bool is_array() const { return kind() == Kind::kArray; }
  bool is_object() const { return kind() == Kind::kObject; }
  bool is_structured() const { return kind() >= Kind::kArray; }
  // A number without fraction and exponent that 64 bits hold, with or without a sign.
  bool is_whole() const;

  std::optional<std::string_view> text() const {
    if (kind() != Kind::kText) return std::nullopt;
    return view();
  }
  std::optional<bool> truth() const {
    if (kind() != Kind::kTrue && kind() != Kind::kFalse) return std::nullopt;
    return kind() == Kind::kTrue;
  }
  std::optional<int64_t> whole() const;  // of is_whole(), where a signed number holds it
  std::optional<double> number() const;  // of any number, the nearest; never infinite
  // A value as it is written, from its first byte to the last; of a text, its value.
  std::string_view written() const { return view(); }

  size_t size() const { return node_->count; }  // elements or members

  // The member of that name; absent without one, and of what is no object.
  JsonView operator[](std::string_view name) const;
  // Several members in one pass, fastest where they stand in that order.
  template <size_t N>
  std::array<JsonView, N> pick(const std::string_view (&names)[N]) const {
    std::array<JsonView, N> found;
    pick(names, found.data(), N);
    return found;
  }

  // For range-based for loops; empty for what is no array, or no object.
  class Elements;
  class Members;
  Elements elements() const;
  Members members() const;

 private:
  friend class JsonDocument;

  // A value, and before each member's value the name. What a node holds follows it.
  struct Node {
    const char* begin;  // of the text, or what is written
    uint32_t size;
    uint32_t span;   // nodes, from this one to the next of the same level
    uint32_t count;  // elements or members
    Kind kind;
  };
  static constexpr Node kNowhere{"", 0, 1, 0, Kind::kAbsent};

  explicit JsonView(const Node* node) : node_(node) {}
  std::string_view view() const { return {node_->begin, node_->size}; }
  void pick(const std::string_view* names, JsonView* found, size_t count) const;

  const Node* node_;
};

class JsonView::Elements {
 public:
  class Iterator {
   public:
    explicit Iterator(const Node* node) : node_(node) {}
    JsonView operator*() const { return JsonView(node_); }
    Iterator& operator++() {
      node_ += node_->span;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Node* node_;
  };
  Iterator begin() const { return Iterator(node_ + 1); }
  Iterator end() const { return Iterator(node_ + (node_->kind == Kind::kArray ? node_->span : 1)); }

 private:
  friend class JsonView;
  explicit Elements(const Node* node) : node_(node) {}
  const Node* node_;
};

class JsonView::Members {
 public:
  struct Member {
    std::string_view name;
    JsonView value;
  };
  class Iterator {
   public:
    explicit Iterator(const Node* node) : node_(node) {}
    Member operator*() const { return {JsonView(node_).view(), JsonView(node_ + 1)}; }
    Iterator& operator++() {
      node_ += 1 + node_[1].span;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Node* node_;
  };
  Iterator begin() const { return Iterator(node_ + 1); }
  Iterator end() const {
    return Iterator(node_ + (node_->kind == Kind::kObject ? node_->span : 1));
  }

 private:
  friend class JsonView;
  explicit Members(const Node* node) : node_(node) {}
  const Node* node_;
};

inline JsonView::Elements JsonView::elements() const { return Elements(node_); }
inline JsonView::Members JsonView::members() const { return Members(node_); }

class JsonDocument {
 public:
  // `what` begins the message of an error.
  explicit JsonDocument(std::string_view text, const char* what = "the event is no JSON");
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  JsonView root() const { return JsonView(nodes_); }

 private:
  using Node = JsonView::Node;
  static constexpr size_t kUsual = 96;

  struct Builder;

  Node* nodes_ = usual_;
  size_t room_ = kUsual;
  std::unique_ptr<Node[]> many_;
  std::unique_ptr<char[]> unescaped_;
  Node usual_[kUsual];
};

// A handler that takes the event as a view; an empty event is {}.
template <class H>
concept ViewHandler = requires(H& handler, JsonView event, const Context& context) {
  { handler(event, context) } -> std::same_as<std::string>;
};

template <class F>
concept ViewHandlerFactory = requires(F& factory) {
  { factory() } -> ViewHandler;
};

// Turns such a handler into a plain one, for tests and for layers around handlers.
template <ViewHandler H>
auto view_handler(H handler) {
  return [handler = std::move(handler)](std::string_view payload, const Context& context) mutable {
    const JsonDocument document(payload.empty() ? "{}" : payload);
    return handler(document.root(), context);
  };
}

template <ViewHandler H>
int run(H handler) {
  return run(view_handler(std::move(handler)));
}

template <ViewHandlerFactory F>
int run(F factory) {
  return run([factory = std::move(factory)]() mutable { return view_handler(factory()); });
}

}  // namespace kiln
