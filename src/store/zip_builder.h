// Makes zip archives for tests, also ones that no packer would make. Entries are stored, not
// compressed. Tests only.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace kiln::store {

class ZipBuilder {
 public:
  ZipBuilder& file(const std::string& name, const std::string& content, mode_t mode = 0644) {
    return entry(name, content, S_IFREG | mode);
  }
  ZipBuilder& folder(const std::string& name) { return entry(name + "/", "", S_IFDIR | 0700); }
  ZipBuilder& link(const std::string& name, const std::string& target) {
    return entry(name, target, S_IFLNK | 0777);
  }
  // As packers on Windows write it, who know no modes.
  ZipBuilder& dos_file(const std::string& name, const std::string& content) {
    return entry(name, content, 0, 0);
  }
  // `mode` with the file type, as packers on Unix write it.
  ZipBuilder& entry(const std::string& name, const std::string& content, mode_t mode,
                    unsigned made_on = 3) {
    const uint32_t crc = crc32(content);
    const auto offset = static_cast<uint32_t>(local_.size());
    number(local_, 0x04034b50, 4);
    common(local_, crc, content, name);
    number(local_, 0, 2);  // extra field
    local_ += name + content;

    number(central_, 0x02014b50, 4);
    number(central_, made_on << 8 | 20, 2);
    common(central_, crc, content, name);
    number(central_, 0, 2);  // extra field
    number(central_, 0, 2);  // comment
    number(central_, 0, 2);  // disk
    number(central_, 0, 2);  // internal attributes
    number(central_, static_cast<uint64_t>(mode) << 16, 4);
    number(central_, offset, 4);
    central_ += name;
    ++count_;
    return *this;
  }

  // `large`: as packers write it that always write zip64's records.
  std::string finish(bool large = false) const {
    std::string out = local_ + central_;
    const uint64_t end = out.size();
    if (large) {
      number(out, 0x06064b50, 4);
      number(out, 44, 8);
      for (const int version : {45, 45}) number(out, static_cast<uint64_t>(version), 2);
      for (int disk = 0; disk < 2; ++disk) number(out, 0, 4);
      for (const uint64_t value : {count_, count_, central_.size(), local_.size()})
        number(out, value, 8);
      number(out, 0x07064b50, 4);
      number(out, 0, 4);
      number(out, end, 8);
      number(out, 1, 4);
    }
    number(out, 0x06054b50, 4);
    number(out, 0, 2);
    number(out, 0, 2);
    number(out, large ? 0xffff : count_, 2);
    number(out, large ? 0xffff : count_, 2);
    number(out, large ? 0xffffffff : central_.size(), 4);
    number(out, large ? 0xffffffff : local_.size(), 4);
    number(out, 0, 2);
    return out;
  }

 private:
  static void number(std::string& out, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  }

  // The fields that a local header and a central one share.
  static void common(std::string& out, uint32_t crc, const std::string& content,
                     const std::string& name) {
    number(out, 20, 2);
    number(out, 0x800, 2);   // names are UTF-8
    number(out, 0, 2);       // stored
    number(out, 0, 2);       // time
    number(out, 0x5a21, 2);  // date
    number(out, crc, 4);
    number(out, content.size(), 4);
    number(out, content.size(), 4);
    number(out, name.size(), 2);
  }

  static uint32_t crc32(const std::string& data) {
    uint32_t crc = 0xffffffff;
    for (const char c : data) {
      crc ^= static_cast<unsigned char>(c);
      for (int i = 0; i < 8; ++i) crc = crc & 1 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
    }
    return ~crc;
  }

  std::string local_;
  std::string central_;
  uint64_t count_ = 0;
};

}  // namespace kiln::store
