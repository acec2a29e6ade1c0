// NodeServer: a server from tests/node, started by a line of JavaScript that prints its port.
//
// Threading: one thread. The test program is compiled with KILN_NODE_FOLDER, the folder with
// node_modules.
#pragma once

#include <string>

#include "tests/support/server_process.h"

namespace kiln::testing {

class NodeServer {
 public:
  // In `script` the word FOLDER is the server's own folder.
  explicit NodeServer(std::string script)
      : server_({"/usr/bin/env", "node", "-e", filled(std::move(script))}, KILN_NODE_FOLDER,
                folder_.path() + ".log", Account{}, SIGKILL) {
    server_.wait_until([&] { return server_.log().find('\n') != std::string::npos; });
    port_ = std::stoi(server_.log());
  }
  ~NodeServer() {
    server_.end(SIGKILL);
    std::error_code ignored;
    std::filesystem::remove(folder_.path() + ".log", ignored);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  std::string filled(std::string script) const {
    const size_t at = script.find("FOLDER");
    return at == std::string::npos ? script : script.replace(at, 6, folder_.path());
  }

  TemporaryFolder folder_;
  ServerProcess server_;
  int port_ = 0;
};

}  // namespace kiln::testing
