#include "wire/checksum.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/libcrypto.h"

namespace kiln::wire {
namespace {

struct Named {
  ChecksumAlgorithm algorithm;
  std::string_view name;
};
constexpr std::array kNames = {
    Named{ChecksumAlgorithm::kCrc32, "CRC32"},         Named{ChecksumAlgorithm::kCrc32c, "CRC32C"},
    Named{ChecksumAlgorithm::kCrc64Nvme, "CRC64NVME"}, Named{ChecksumAlgorithm::kSha1, "SHA1"},
    Named{ChecksumAlgorithm::kSha256, "SHA256"},
};

// Reflected tables for eight bytes at a time.
template <class Word>
using Tables = std::array<std::array<Word, 256>, 8>;

template <class Word>
constexpr Tables<Word> make_tables(Word polynomial) {
  Tables<Word> tables{};
  for (size_t i = 0; i < 256; ++i) {
    Word crc = static_cast<Word>(i);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    tables[0][i] = crc;
  }
  for (size_t i = 0; i < 256; ++i)
    for (size_t k = 1; k < 8; ++k)
      tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xff];
  return tables;
}

constexpr Tables<uint32_t> kCrc32cTables = make_tables<uint32_t>(0x82f63b78);
constexpr Tables<uint64_t> kCrc64Tables = make_tables<uint64_t>(0x9a6c9329ac4bc9b5);

template <class Word>
Word update(const Tables<Word>& tables, Word crc, std::string_view bytes) {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    uint64_t word = 0;
    for (size_t i = 0; i < 8; ++i) word |= uint64_t{p[i]} << (8 * i);
    word ^= crc;
    crc = 0;
    for (size_t i = 0; i < 8; ++i) crc ^= tables[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (; left > 0; --left, ++p) crc = (crc >> 8) ^ tables[0][(crc ^ *p) & 0xff];
  return crc;
}

const EVP_MD* digest_of(ChecksumAlgorithm algorithm) {
  switch (algorithm) {
    case ChecksumAlgorithm::kSha1:
      return EVP_sha1();
    case ChecksumAlgorithm::kSha256:
      return EVP_sha256();
    case ChecksumAlgorithm::kMd5:
      return EVP_md5();
    default:
      return nullptr;
  }
}

}  // namespace

std::string_view to_text(ChecksumAlgorithm algorithm) {
  for (const Named& named : kNames)
    if (named.algorithm == algorithm) return named.name;
  return "MD5";
}

std::optional<ChecksumAlgorithm> checksum_algorithm(std::string_view text) {
  for (const Named& named : kNames)
    if (ascii::same(text, named.name)) return named.algorithm;
  return std::nullopt;
}

std::string checksum_header(ChecksumAlgorithm algorithm) {
  std::string name = "x-amz-checksum-";
  for (const char c : to_text(algorithm)) name += ascii::lower(c);
  return name;
}

struct Checksum::Digest {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~Digest() { EVP_MD_CTX_free(context); }
};

Checksum::Checksum(ChecksumAlgorithm algorithm)
    : algorithm_(algorithm), crc_(algorithm == ChecksumAlgorithm::kCrc32 ? 0 : ~uint64_t{0}) {
  const EVP_MD* digest = digest_of(algorithm);
  if (digest == nullptr) return;
  digest_ = std::make_unique<Digest>();
  if (digest_->context == nullptr) throw std::bad_alloc();
  digest_done(EVP_DigestInit_ex(digest_->context, digest, nullptr));
}

Checksum::~Checksum() = default;
Checksum::Checksum(Checksum&&) noexcept = default;

void Checksum::add(std::string_view bytes) {
  if (digest_) {
    digest_done(EVP_DigestUpdate(digest_->context, bytes.data(), bytes.size()));
  } else if (algorithm_ == ChecksumAlgorithm::kCrc32) {
    crc_ = ::crc32_z(crc_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  } else if (algorithm_ == ChecksumAlgorithm::kCrc32c) {
    crc_ = update(kCrc32cTables, static_cast<uint32_t>(crc_), bytes);
  } else {
    crc_ = update(kCrc64Tables, crc_, bytes);
  }
}

const std::string& Checksum::bytes() {
  if (!bytes_.empty()) return bytes_;
  if (digest_) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out;
    unsigned size = 0;
    digest_done(EVP_DigestFinal_ex(digest_->context, out.data(), &size));
    bytes_.assign(reinterpret_cast<const char*>(out.data()), size);
    return bytes_;
  }
  const uint64_t value = algorithm_ == ChecksumAlgorithm::kCrc32 ? crc_ : ~crc_;
  for (int shift = algorithm_ == ChecksumAlgorithm::kCrc64Nvme ? 56 : 24; shift >= 0; shift -= 8)
    bytes_ += static_cast<char>(value >> shift & 0xff);
  return bytes_;
}

std::string Checksum::base64() { return base64_encode(bytes()); }

std::string to_hex(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::string Checksum::hex() { return to_hex(bytes()); }

}  // namespace kiln::wire
