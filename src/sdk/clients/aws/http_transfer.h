// One request on one curl handle, from the options to the answer.
//
// Threading: one thread. Ownership: refers to the request and the handle; both outlive it.
#pragma once

#include <exception>
#include <string>

#include "kiln/http.h"
#include "sdk/clients/aws/curl_library.h"

namespace kiln::http {

class Transfer {
 public:
  // Sets all options of the handle. Throws Error::kInvalid.
  Transfer(const CurlLibrary& curl, CURL* handle, const Request& request,
           const std::string& user_agent);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer();

  CURL* handle() const { return handle_; }
  // What came of it. Rethrows what the sink threw.
  Outcome finish(CURLcode code);

 private:
  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  bool take_body(std::string_view piece);
  bool to_sink();
  void add_header(const std::string& line);
  Error failure(CURLcode code) const;

  const CurlLibrary& curl_;
  CURL* handle_;
  const Request& request_;
  curl_slist* lines_ = nullptr;
  Response response_;
  bool head_complete_ = false;
  bool too_large_ = false;
  bool stopped_ = false;
  std::exception_ptr thrown_;
  char problem_[CURL_ERROR_SIZE] = {};
};

}  // namespace kiln::http
