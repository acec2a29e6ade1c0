// A tiny HTTP server for the tests of this folder: hands each request to a function and sends back
// what that returns. One thread, one request per connection at a time, keep-alive. Only for tests.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace kiln::cli {

struct TestRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

struct TestResponse {
  int status = 200;
  std::string body = "{}";
  std::map<std::string, std::string> headers = {};
};

class TestServer {
 public:
  using Handler = std::function<TestResponse(const TestRequest&)>;

  explicit TestServer(Handler handler);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::string endpoint() const;
  std::vector<TestRequest> requests() const;

 private:
  void run();
  void serve_connection(int fd);

  Handler handler_;
  UniqueFd listener_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<TestRequest> requests_;
  UniqueFd stop_read_;
  UniqueFd stop_write_;
  std::mutex handling_;
  std::vector<std::thread> connections_;  // of thread_ until that has ended
  std::thread thread_;
};

}  // namespace kiln::cli
