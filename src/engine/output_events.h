// Cuts what a function prints into events of its log: each line that has text is one. Managed
// runtimes may also send whole events, whose text holds line breaks, each behind a header of
// Lambda's telemetry frames:
//
//   a5 5a 00 KIND   length (4)   time in µs (8)   text        all numbers big-endian
//
// Not thread-safe. Takes any bytes; holds one unfinished event of at most kMaxEvent bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiln::engine {

enum class OutputFrames { kNo, kYes };

class OutputEvents {
 public:
  static constexpr size_t kMaxEvent = 256 * 1024;  // CloudWatch Logs' limit: longer ones are cut

  explicit OutputEvents(OutputFrames frames) : frames_(frames) {}

  // Calls `event(text)` for each event that ends in `bytes`; no text ends in a line break.
  template <class F>
  void feed(std::string_view bytes, F&& event) {
    while (!bytes.empty()) {
      bytes = take(bytes);
      if (ready_) emit(event);
    }
  }
  // What is left becomes an event.
  template <class F>
  void end(F&& event) {
    if (in_frame_ && left_ == 0) text_.clear();  // a header that is not whole
    in_frame_ = false;
    emit(event);
  }

 private:
  static constexpr size_t kHeader = 16;

  template <class F>
  void emit(F&& event) {
    ready_ = false;
    while (text_.ends_with('\n') || text_ == "\r") text_.pop_back();
    if (!text_.empty()) event(std::string_view(text_));
    text_.clear();
  }
  // Takes some of `bytes`, and returns the rest; ready_: text_ is a whole event.
  std::string_view take(std::string_view bytes);
  std::string_view take_line(std::string_view bytes);
  std::string_view take_frame(std::string_view bytes);

  OutputFrames frames_;
  std::string text_;  // of the event; of a frame with its header until that is whole
  bool in_frame_ = false;
  bool ready_ = false;
  size_t left_ = 0;  // of the frame's text, once its header is whole
};

}  // namespace kiln::engine
