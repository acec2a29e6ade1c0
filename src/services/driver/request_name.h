// What a request is called where a defect is told: its operation, or method and path without the
// query, which may hold what is nobody's business. Cut to fit, so that making one allocates
// nothing.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "net/http_message.h"

namespace kiln::services {

class RequestName {
 public:
  // `operation`: where the service names them; else "".
  RequestName(const net::Request& request, std::string_view operation) {
    if (!operation.empty()) {
      add(operation);
      return;
    }
    const auto method = request.method_string();
    add({method.data(), method.size()});
    add(" ");
    const std::string_view target = net::target(request);
    add(target.substr(0, target.find('?')));
  }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  void add(std::string_view part) {
    part = part.substr(0, bytes_.size() - size_);
    std::copy(part.begin(), part.end(), bytes_.begin() + static_cast<ptrdiff_t>(size_));
    size_ += part.size();
  }

  std::array<char, 96> bytes_;
  size_t size_ = 0;
};

}  // namespace kiln::services
