#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/aws_chunked.h"

namespace kiln::wire {
namespace {

using testing::HasSubstr;

struct Unchunked {
  std::string content;
  bool done = false;
  Result<void> status;
  std::map<std::string, std::string> trailers;
};

// Hands the body over in pieces of so many bytes.
Unchunked unchunk(std::string_view body, size_t piece) {
  Unchunked out;
  AwsChunked chunked;
  while (!body.empty() && out.status) {
    const std::string_view part = body.substr(0, piece);
    body.remove_prefix(part.size());
    out.status = chunked.add(part, [&](std::string_view bytes) -> Result<void> {
      out.content += bytes;
      return {};
    });
  }
  out.done = chunked.is_done();
  out.trailers = chunked.trailers();
  return out;
}

TEST(AwsChunked, AnyCutGivesTheSame) {
  const std::string body =
      "6;chunk-signature=ab\r\nhello \r\n1\r\n\n\r\n0;chunk-signature=cd\r\n"
      "X-Amz-Checksum-CRC32: AAAA \r\nb:c:d\r\n\r\n";
  for (size_t piece = 1; piece <= body.size(); ++piece) {
    const Unchunked out = unchunk(body, piece);
    ASSERT_TRUE(out.status) << piece << " " << out.status.error().message;
    EXPECT_TRUE(out.done);
    EXPECT_EQ(out.content, "hello \n");
    EXPECT_EQ(out.trailers.at("x-amz-checksum-crc32"), "AAAA");
    EXPECT_EQ(out.trailers.at("b"), "c:d");
  }
}

TEST(AwsChunked, Refuses) {
  const std::pair<std::string, const char*> cases[] = {
      {"x\r\n", "'x' does not start with the size of a chunk"},
      {"\r\n", "does not start with the size"},
      {"-1\r\n", "does not start with the size"},
      {"ffffffffffffffffff\r\n", "does not start with the size"},
      {"140000001\r\n", "does not start with the size"},  // 5 GiB and one
      {"1\r\nab\r\n", "longer than its size"},
      {"0\r\nnovalue\r\n", "has no value"},
      {"0\r\n\r\nmore", "bytes follow its end"},
      {std::string(5000, '1'), "longer than 4096 bytes"},
  };
  for (const auto& [body, why] : cases) {
    const Unchunked out = unchunk(body, 1000);
    ASSERT_FALSE(out.status) << body;
    EXPECT_EQ(out.status.error().type, "IncompleteBody");
    EXPECT_THAT(out.status.error().message, HasSubstr(why));
  }
  EXPECT_TRUE(unchunk("140000000\r\n", 100).status.ok());
  EXPECT_FALSE(unchunk("5\r\nhello\r\n", 100).done);
  std::string many = "0\r\n";
  for (int i = 0; i < 17; ++i) many += std::to_string(i) + ":x\r\n";
  EXPECT_FALSE(unchunk(many, 100).status.ok());
}

TEST(AwsChunked, TheFirstErrorStays) {
  AwsChunked chunked;
  const auto fail = [](std::string_view) -> Result<void> {
    return Error{ErrorKind::kInternal, "InternalError", "disk"};
  };
  EXPECT_EQ(chunked.add("1\r\na\r\n", fail).error().message, "disk");
  EXPECT_EQ(chunked.add("1\r\na\r\n", fail).error().message, "disk");
}

}  // namespace
}  // namespace kiln::wire
