#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/checksum.h"

namespace kiln::wire {
namespace {

std::string hex(ChecksumAlgorithm algorithm, std::string_view text) {
  Checksum sum(algorithm);
  sum.add(text);
  return sum.hex();
}

// The check values of the CRC catalogue, and of RFC 3720, 3174 and 1321.
TEST(Checksum, KnownValues) {
  constexpr std::string_view kDigits = "123456789";
  EXPECT_EQ(hex(ChecksumAlgorithm::kCrc32, kDigits), "cbf43926");
  EXPECT_EQ(hex(ChecksumAlgorithm::kCrc32c, kDigits), "e3069283");
  EXPECT_EQ(hex(ChecksumAlgorithm::kCrc32c, std::string(32, '\0')), "8a9136aa");
  EXPECT_EQ(hex(ChecksumAlgorithm::kCrc64Nvme, kDigits), "ae8b14860a799888");
  EXPECT_EQ(hex(ChecksumAlgorithm::kSha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(ChecksumAlgorithm::kMd5, ""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex(ChecksumAlgorithm::kCrc32, ""), "00000000");
  EXPECT_EQ(hex(ChecksumAlgorithm::kCrc64Nvme, ""), "0000000000000000");
}

TEST(Checksum, PartsMakeTheWhole) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>(i * 7);
  for (const ChecksumAlgorithm algorithm : kChecksumHeaders) {
    for (const size_t cut : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{4096}}) {
      Checksum sum(algorithm);
      sum.add(std::string_view(text).substr(0, cut));
      sum.add(std::string_view(text).substr(cut));
      EXPECT_EQ(sum.hex(), hex(algorithm, text)) << to_text(algorithm) << " " << cut;
    }
    EXPECT_EQ(checksum_algorithm(to_text(algorithm)), algorithm);
  }
  EXPECT_EQ(checksum_algorithm("crc32c"), ChecksumAlgorithm::kCrc32c);
  EXPECT_EQ(checksum_algorithm("MD5"), std::nullopt);
  EXPECT_EQ(checksum_header(ChecksumAlgorithm::kCrc64Nvme), "x-amz-checksum-crc64nvme");
}

}  // namespace
}  // namespace kiln::wire
