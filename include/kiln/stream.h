// Handlers that stream their answer: bytes leave while the handler goes on.
//
//   int main() {
//     return kiln::run([](std::string_view payload, const kiln::Context&,
//                         kiln::ResponseStream& out) {
//       out.http({.status = 200, .headers = {{"Content-Type", "text/plain"}}});
//       out.write("first ");
//       out.write(payload);
//     });
//   }
//
// Each write() is sent at once, as one chunk. Lambda hands it on to who called
// InvokeWithResponseStream or a function URL in streaming mode; any other caller gets the whole
// answer at the end. Kiln does the same. Environments of a snapshot collect the answer first: their
// channel carries whole ones.
//
// An exception out of the handler before the first write is the invocation's error, as with other
// handlers. After it the caller has the beginning of an answer: the error is sent behind it, as
// trailers.
//
// http() is for function URLs: it sets the content type
// application/vnd.awslambda.http-integration-response and puts {"statusCode","headers","cookies"}
// and eight NUL bytes before the body. Instead, content_type() (default application/octet-stream).
//
// Threading: as run.h; a ResponseStream is for the handler's thread. Ownership: it ends with the
// invocation. Cost: a system call per write, no copy; collect small pieces yourself. Lambda's limit
// is 200 MB, 2 MB/s after the first 6 MB.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kiln/run.h"

namespace kiln {

// Nobody takes the answer any more. Let it pass out of the handler.
class StreamClosed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct HttpPrelude {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::vector<std::string> cookies{};
};

class ResponseStream {
 public:
  virtual ~ResponseStream() = default;

  // Both before the first write, else std::logic_error. The type holds no control characters, else
  // std::invalid_argument.
  void content_type(std::string_view type);
  void http(const HttpPrelude& prelude);

  // Throws StreamClosed. Empty bytes change nothing.
  void write(std::string_view bytes);

 protected:
  bool started() const { return started_; }
  // Sends what is left of the beginning; for answers without a body.
  void start();
  // Before the first send().
  virtual void begin(std::string_view content_type) = 0;
  virtual void send(std::string_view bytes) = 0;

 private:
  bool started_ = false;
  std::string content_type_ = "application/octet-stream";
  std::string prelude_;
};

// Keeps what is written: for tests of streaming handlers.
class CollectedStream final : public ResponseStream {
 public:
  const std::string& type() const { return type_; }
  const std::string& bytes() const { return bytes_; }

 private:
  void begin(std::string_view content_type) override { type_ = content_type; }
  void send(std::string_view bytes) override { bytes_ += bytes; }
  std::string type_;
  std::string bytes_;
};

template <class H>
concept StreamingHandler = requires(H& handler, std::string_view payload, const Context& context,
                                    ResponseStream& out) {
  { handler(payload, context, out) } -> std::same_as<void>;
};

template <class F>
concept StreamingHandlerFactory = requires(F& factory) {
  { factory() } -> StreamingHandler;
};

template <StreamingHandlerFactory F>
int run(F factory) {
  struct State {
    F factory;
    std::optional<std::decay_t<std::invoke_result_t<F&>>> handler;
  };
  State state{std::move(factory), std::nullopt};
  return sdk::run(
      {&state,
       [](void* s) {
         auto* self = static_cast<State*>(s);
         self->handler.emplace(self->factory());
       },
       nullptr,
       [](void* s, std::string_view payload, const Context& context, ResponseStream& out) {
         (*static_cast<State*>(s)->handler)(payload, context, out);
       }});
}

template <StreamingHandler H>
int run(H handler) {
  return sdk::run({&handler, [](void*) {}, nullptr,
                   [](void* h, std::string_view payload, const Context& context,
                      ResponseStream& out) { (*static_cast<H*>(h))(payload, context, out); }});
}

}  // namespace kiln
