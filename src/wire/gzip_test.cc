#include "wire/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace kiln::wire {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Gzip, Unpacks) {
  for (const size_t n : {0U, 1U, 1000U, 65'536U, 200'000U})
    EXPECT_EQ(*gunzip(gzip(std::string(n, 'x')), 1 << 20), std::string(n, 'x'));
}

TEST(Gzip, LimitHasTwoSides) {
  EXPECT_TRUE(gunzip(gzip(std::string(1000, 'x')), 1000).ok());
  EXPECT_EQ(gunzip(gzip(std::string(1001, 'x')), 1000).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(gunzip(gzip(std::string(50'000'000, 'x')), 1000).error().kind, ErrorKind::kTooLarge);
}

TEST(Gzip, RefusesWhatIsNotWhole) {
  const std::string packed = gzip("hello hello hello");
  for (size_t n = 0; n < packed.size(); ++n) EXPECT_FALSE(gunzip(packed.substr(0, n), 1000).ok());
  EXPECT_FALSE(gunzip("plain", 1000).ok());
  EXPECT_FALSE(gunzip(packed + "x", 1000).ok());
}

}  // namespace
}  // namespace kiln::wire
