// S3, as much of it as deploying and testing need: buckets, objects, multipart uploads. Objects lie
// below the data folder (store/object_store.h); a body goes to the disk as it comes and from there
// as it is read, so that memory does not depend on an object's size.
//
// Threading: handle() and body_sink() on a loop; the work is done on the engine's workers, one of
// which replies.
#pragma once

#include <memory>

#include "engine/engine.h"
#include "net/http_message.h"
#include "net/http_server.h"
#include "services/driver/reply.h"

namespace kiln::services {

class S3Service {
 public:
  explicit S3Service(engine::Engine& engine) : engine_(engine) {}

  static uint64_t body_limit(const net::RequestHeader& header);
  static net::Response too_large(const net::RequestHeader& header);

  // Takes the body of PutObject and UploadPart; nullptr for all others.
  std::shared_ptr<net::BodySink> body_sink(const net::RequestHeader& header);
  // `body`: what body_sink() gave for this request.
  void handle(net::Request&& request, std::shared_ptr<net::BodySink> body, Reply reply);
  // A read without a signature, or a browser's question before a request: of an object when its
  // first part is a bucket, else `otherwise`.
  void handle_unsigned(net::Request&& request, net::Response&& otherwise, Reply reply);

 private:
  engine::Engine& engine_;
};

}  // namespace kiln::services
