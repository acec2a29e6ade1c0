// Whom an answer goes to that a function streams: part by part, as it writes them.
//
// Thread-safe. Whoever invokes makes one; the sandbox's loop calls it, and its parts end before the
// invocation does.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace kiln::sandbox {

class AnswerStream {
 public:
  virtual ~AnswerStream() = default;
  // The function answers now, with what its runtime calls `content_type` (may be empty). Once, and
  // before its parts.
  virtual void begin(std::string_view executed_version, std::string_view content_type) = 0;
  // `more` is called once, on any thread and perhaps at once: the next part may come.
  virtual void put(std::string&& part, std::function<void()> more) = 0;
};

}  // namespace kiln::sandbox
