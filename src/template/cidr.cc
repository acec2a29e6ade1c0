#include "template/cidr.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <optional>

namespace kiln::cfn {
namespace {

constexpr int kMaxBlocks = 256;

Error invalid(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

std::optional<int> whole_number_of(const std::string& text) {
  int number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// An address as bytes in network order, 4 or 16 of them.
struct Address {
  int family = AF_INET;
  std::array<unsigned char, 16> bytes{};
  int size() const { return family == AF_INET ? 4 : 16; }

  // Adds 2^bit.
  void add_bit(int bit) {
    int at = size() - 1 - bit / 8;
    unsigned carry = 1U << (bit % 8);
    for (; at >= 0 && carry != 0; --at) {
      const unsigned sum = bytes[static_cast<size_t>(at)] + carry;
      bytes[static_cast<size_t>(at)] = static_cast<unsigned char>(sum);
      carry = sum >> 8;
    }
  }
  // Everything behind the first `bits` becomes 0.
  void mask(int bits) {
    for (int i = 0; i < size(); ++i) {
      const int kept = std::min(8, std::max(0, bits - i * 8));
      bytes[static_cast<size_t>(i)] &= static_cast<unsigned char>(0xFF00U >> kept);
    }
  }
  std::string text() const {
    char buffer[INET6_ADDRSTRLEN];
    return inet_ntop(family, bytes.data(), buffer, sizeof buffer);
  }
};

}  // namespace

Result<std::vector<std::string>> cidr_blocks(const std::string& block, const std::string& count,
                                             const std::string& bits) {
  const size_t slash = block.find('/');
  const auto prefix =
      slash == std::string::npos ? std::nullopt : whole_number_of(block.substr(slash + 1));
  Address address;
  const std::string host = block.substr(0, slash);
  if (host.find(':') != std::string::npos) address.family = AF_INET6;
  if (!prefix || *prefix < 0 || *prefix > address.size() * 8 ||
      inet_pton(address.family, host.c_str(), address.bytes.data()) != 1)
    return invalid("'" + block + "' is not a CIDR block");
  const auto wanted = whole_number_of(count);
  if (!wanted || *wanted < 1 || *wanted > kMaxBlocks)
    return invalid("the count must be from 1 to " + std::to_string(kMaxBlocks) + ", not '" + count +
                   "'");
  const auto host_bits = whole_number_of(bits.empty() ? "8" : bits);
  const int most = address.size() * 8 - *prefix;
  if (!host_bits || *host_bits < 1 || *host_bits > most)
    return invalid("the CIDR bits must be from 1 to " + std::to_string(most) + ", not '" + bits +
                   "'");
  const int room = most - *host_bits;  // bits that number the blocks
  if (room < 9 && *wanted > 1 << room)
    return invalid("'" + block + "' holds " + std::to_string(1 << room) + " such blocks, not " +
                   count);
  address.mask(*prefix);
  std::vector<std::string> out;
  const std::string length = "/" + std::to_string(address.size() * 8 - *host_bits);
  for (int i = 0; i < *wanted; ++i) {
    out.push_back(address.text() + length);
    address.add_bit(*host_bits);
  }
  return out;
}

}  // namespace kiln::cfn
