// S3Fixture: an S3 server (s3rver) with the empty bucket "b", for the life of the object. It wants
// the key S3RVER in a signature of version 4, and does not compute that.
//
//   S3Fixture s3;
//   kiln::s3::Client client(s3.config());
#pragma once

#include "kiln/aws.h"
#include "tests/support/node_server.h"

namespace kiln::testing {

class S3Fixture {
 public:
  S3Fixture()
      : server_(R"(
          const S3rver = require("s3rver");
          new S3rver({port: 0, address: "127.0.0.1", silent: true, directory: "FOLDER",
                      configureBuckets: [{name: "b"}]})
            .run().then((address) => console.log(address.port));)") {}

  std::string url() const { return server_.url(); }
  aws::Config config() const {
    aws::Config config;
    config.endpoint = url();
    config.credentials = [] { return aws::Credentials{"S3RVER", "S3RVER", "", {}}; };
    return config;
  }

 private:
  NodeServer server_;
};

}  // namespace kiln::testing
