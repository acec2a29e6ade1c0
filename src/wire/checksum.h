// The checksums of S3: x-amz-checksum-crc32, -crc32c, -crc64nvme, -sha1 and -sha256, and MD5, which
// is an ETag. Not thread-safe per object.
//
//   Checksum sum(ChecksumAlgorithm::kCrc32c);
//   sum.add("hello");
//   sum.base64()   // as in the header
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kiln::wire {

enum class ChecksumAlgorithm { kCrc32, kCrc32c, kCrc64Nvme, kSha1, kSha256, kMd5 };

// "CRC32", as in headers and XML; MD5 is none of them.
std::string_view to_text(ChecksumAlgorithm algorithm);
std::optional<ChecksumAlgorithm> checksum_algorithm(std::string_view text);  // in any case
// "x-amz-checksum-crc32"
std::string checksum_header(ChecksumAlgorithm algorithm);
inline constexpr ChecksumAlgorithm kChecksumHeaders[] = {
    ChecksumAlgorithm::kCrc32, ChecksumAlgorithm::kCrc32c, ChecksumAlgorithm::kCrc64Nvme,
    ChecksumAlgorithm::kSha1, ChecksumAlgorithm::kSha256};

class Checksum {
 public:
  explicit Checksum(ChecksumAlgorithm algorithm);
  ~Checksum();
  Checksum(Checksum&&) noexcept;

  void add(std::string_view bytes);
  // Big endian, for the CRCs. Nothing is added after the first of these.
  const std::string& bytes();
  std::string base64();
  std::string hex();

 private:
  struct Digest;
  ChecksumAlgorithm algorithm_;
  uint64_t crc_;
  std::unique_ptr<Digest> digest_;
  std::string bytes_;
};

// Lower-case, as ETags.
std::string to_hex(std::string_view bytes);

}  // namespace kiln::wire
