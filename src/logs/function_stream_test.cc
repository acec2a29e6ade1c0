#include "logs/function_stream.h"

#include <gtest/gtest.h>

namespace kiln::logs {
namespace {

struct OwnedStream {
  const char *group, *stream, *function, *version;
};

TEST(FunctionStream, ItsNameSaysWhoseItIs) {
  for (const OwnedStream& one : {
           OwnedStream{"/aws/lambda/f", "2026/01/21/[$LATEST]8a", "f", "$LATEST"},
           OwnedStream{"/aws/lambda/f", "2026/01/21/[12]8a", "f", "12"},
           OwnedStream{"/shared", "2026/01/21/f[12]8a", "f", "12"},
           OwnedStream{"/aws/lambda/f", "2026/01/21/g[12]8a", "g", "12"},
           OwnedStream{"/aws/lambda/f", "mine", "f", ""},
           OwnedStream{"/aws/lambda/f", "batch[1]", "f", ""},
           OwnedStream{"/aws/lambda/f", "x/y[z]", "f", ""},
           OwnedStream{"/shared", "2026/01/2/f[12]8a", "", ""},
           OwnedStream{"/shared", "mine", "", ""},
           OwnedStream{"/shared", "2026/01/21/[12]8a", "", ""},
           OwnedStream{"/shared", "a]b[", "", ""},
           OwnedStream{"", "", "", ""},
       }) {
    const StreamOwner owner = owner_of_stream(one.group, one.stream);
    EXPECT_EQ(owner.function, one.function) << one.group << ' ' << one.stream;
    EXPECT_EQ(owner.version, one.version) << one.group << ' ' << one.stream;
  }
}

}  // namespace
}  // namespace kiln::logs
