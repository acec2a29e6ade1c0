// Structured log lines on standard output, in the form that the function's logging configuration
// asks for.
//
//   kiln::log::info("order stored", {{"order_id", id}, {"amount", 12.5}});
//
//   JSON: {"timestamp":"2026-01-02T03:04:05.678Z","level":"INFO","message":"order stored",
//          "requestId":"…","order_id":7,"amount":12.5}
//   text: [INFO]<TAB>2026-01-02T03:04:05.678Z<TAB>request id<TAB>order stored order_id=7
//         amount=12.5
//
// AWS_LAMBDA_LOG_FORMAT (JSON or Text, the default) picks the form, AWS_LAMBDA_LOG_LEVEL, or else
// LOG_LEVEL, the least level that is written (TRACE, DEBUG, INFO, WARN, ERROR, FATAL; also WARNING
// and CRITICAL; default INFO). Both are read at the first line. Line breaks in a text message are
// written as \n, text that is not UTF-8 as U+FFFD.
//
// Threading: any thread. Ownership: nothing is kept. Cost: one write(2) for each line, and an
// allocation for one above 16 KiB; a line below the level costs a comparison.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace kiln::log {

enum class Level { kTrace, kDebug, kInfo, kWarn, kError, kFatal };

// One value of a field: text, a number or a truth value. Text is referred to, not copied.
class Value {
 public:
  enum class Kind { kText, kInteger, kUnsigned, kReal, kBoolean };

  Value(std::string_view text) : kind_(Kind::kText), text_(text) {}
  Value(const char* text) : Value(std::string_view(text)) {}
  template <class S>
  requires(std::convertible_to<const S&, std::string_view> && !std::convertible_to<S, const char*>)
      Value(const S& text)
      : Value(std::string_view(text)) {}
  Value(std::same_as<bool> auto value) : kind_(Kind::kBoolean), integer_(value ? 1 : 0) {}
  Value(std::floating_point auto value) : kind_(Kind::kReal), real_(static_cast<double>(value)) {}
  Value(std::signed_integral auto value) : kind_(Kind::kInteger), integer_(value) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) Value(T value) : kind_(Kind::kUnsigned), unsigned_(value) {}

  Kind kind() const { return kind_; }
  std::string_view text() const { return text_; }          // REQUIRES: kText
  int64_t integer() const { return integer_; }             // REQUIRES: kInteger or kBoolean
  uint64_t unsigned_integer() const { return unsigned_; }  // REQUIRES: kUnsigned
  double real() const { return real_; }                    // REQUIRES: kReal

 private:
  Kind kind_;
  union {
    std::string_view text_;
    int64_t integer_;
    uint64_t unsigned_;
    double real_;
  };
};

struct Field {
  std::string_view key;
  Value value;
};

using Fields = std::initializer_list<Field>;

bool enabled(Level level);
void write(Level level, std::string_view message, Fields fields = {});

inline void trace(std::string_view message, Fields fields = {}) {
  write(Level::kTrace, message, fields);
}
inline void debug(std::string_view message, Fields fields = {}) {
  write(Level::kDebug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
  write(Level::kInfo, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
  write(Level::kWarn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
  write(Level::kError, message, fields);
}
inline void fatal(std::string_view message, Fields fields = {}) {
  write(Level::kFatal, message, fields);
}

}  // namespace kiln::log
