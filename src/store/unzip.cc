#include "store/unzip.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/libarchive.h"
#include "base/stopping.h"
#include "base/unique_fd.h"
#include "store/archive_paths.h"
#include "store/zip_directory.h"

namespace kiln::store {
namespace {

using Parts = std::vector<std::string>;

constexpr size_t kMaxPathBytes = 2048;  // of a name within the archive: /var/task is put before it
// Whoever goes through a package's folders has all of a path open at a time.
constexpr size_t kMaxLevels = 128;
constexpr int64_t kMaxPartsPerEntry = 16;  // on average

struct ArchiveCloser {
  void operator()(archive* a) const { archive_read_free(a); }
};

// Made once and kept: the C library reads files for it. Nothing while it can't be had.
locale_t utf8_locale() {
  static std::atomic<locale_t> kept = nullptr;
  if (const locale_t there = kept.load()) return there;
  const locale_t made = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  locale_t other = nullptr;
  if (made == nullptr || kept.compare_exchange_strong(other, made)) return made;
  freelocale(made);
  return other;
}

// File names in archives are UTF-8; libarchive turns them into the thread's character set, which is
// plain ASCII unless somebody says otherwise.
class Utf8Names {
 public:
  Utf8Names() {
    if (const locale_t utf8 = utf8_locale()) previous_ = uselocale(utf8);
  }
  ~Utf8Names() {
    if (previous_) uselocale(previous_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t previous_ = nullptr;
};

// AWS says no more than the first and last part; what is wrong helps.
Error bad_zip(const std::string& detail = "") {
  return {ErrorKind::kInvalid, "InvalidParameterValueException",
          "Could not unzip uploaded file" + (detail.empty() ? "" : " (" + detail + ")") +
              ". Please check your file, then try to upload again."};
}

// What libarchive says of its last call: lack of memory is not the archive's fault.
Error reader_error(archive* reader) {
  const char* const text = archive_error_string(reader);
  // This one has no errno of its own: zlib got no memory.
  const bool begins = text != nullptr && std::string_view(text).starts_with("Can't initialize ZIP");
  if (archive_errno(reader) != ENOMEM && !begins) return bad_zip();
  return {ErrorKind::kUnavailable, "ServiceException",
          "The package could not be unpacked: Kiln has too little memory. Let less run at a time, "
          "or raise the limit of memory (ulimit -v)."};
}

Error unpack_error(const std::string& what) {
  return {ErrorKind::kInternal, "ServiceException",
          "The package could not be unpacked: " + what + ": " + std::strerror(errno) +
              ". Check the disk of the data folder."};
}

std::string name_in_quotes(std::string_view name) {
  constexpr size_t kShown = 100;
  return "'" + std::string(name.substr(0, kShown)) + (name.size() > kShown ? "…'" : "'");
}

mode_t safe_mode(mode_t mode) {
  const mode_t run = (mode & 0111) ? 0111 : 0;
  return (mode & 0700) | 0444 | run;
}

Error too_many(int64_t most) {
  return bad_zip("it has more than " + std::to_string(most) + " files and folders");
}

// Before the disk has any work with it. The number of its entries.
Result<int64_t> check_names(std::string_view zip, int64_t max_entries) {
  const NameCount most{max_entries, max_entries, max_entries * kMaxPartsPerEntry};
  const NameCount count = count_names(zip, most);
  if (count.made > most.made) return too_many(most.made);
  if (count.parts > most.parts)
    return bad_zip("the paths of its entries have more than " + std::to_string(most.parts) +
                   " levels together");
  return count.entries;
}

class Unpacker {
 public:
  // `entries`: that were looked at. `backslashed`: names that hold '\\' where libarchive says '/'.
  Unpacker(UniqueFd root, const UnzipLimits& limits, int64_t entries,
           std::set<std::string> backslashed)
      : root_(std::move(root)),
        limits_(limits),
        entries_(entries),
        backslashed_(std::move(backslashed)) {}

  Result<void> run(archive* reader) {
    archive_entry* entry = nullptr;
    while (true) {
      const int code = archive_read_next_header(reader, &entry);
      if (code == ARCHIVE_EOF) break;
      // A warning is about a name that is not in the character set: it is used as it stands.
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return reader_error(reader);
      if (entries_-- <= 0) return bad_zip("its directory is not where its end says");
      if (auto counted = count_entry(); !counted) return counted;
      if (auto done = unpack_entry(reader, entry); !done) return done;
    }
    return make_links();
  }

 private:
  // Looked at between any two pieces of work.
  Result<void> go_on() const {
    if (!limits_.ending.stop_requested()) return {};
    return stopping("ServiceException", "The package was not unpacked");
  }

  Result<void> count_entry() {
    if (auto wanted = go_on(); !wanted) return wanted;
    if (++made_ <= limits_.max_entries) return {};
    return too_many(limits_.max_entries);
  }

  Result<void> unpack_entry(archive* reader, archive_entry* entry) {
    const char* said = archive_entry_pathname(entry);
    if (!said) said = archive_entry_pathname_utf8(entry);
    if (!said || !*said) return bad_zip("an entry has no readable name");
    const std::string name = true_name(said);
    const auto parts = split_entry_name(name);
    if (!parts || name.size() > kMaxPathBytes) {
      return bad_zip("the entry " + name_in_quotes(name) + " is not a name within the package");
    }
    if (parts->size() > kMaxLevels) {
      return bad_zip("the entry " + name_in_quotes(name) + " is more than " +
                     std::to_string(kMaxLevels) + " levels deep");
    }
    if (archive_entry_is_encrypted(entry)) {
      return bad_zip("the entry " + name_in_quotes(name) + " is encrypted");
    }
    if (archive_entry_hardlink(entry)) {
      return bad_zip("the entry " + name_in_quotes(name) + " is a hard link");
    }
    switch (archive_entry_filetype(entry)) {
      case AE_IFDIR:
        if (auto folder = enter_folder(*parts, parts->size()); !folder) return folder.error();
        return {};
      case AE_IFREG:
        if (parts->empty()) return in_the_way(name);
        return write_file(reader, *parts, archive_entry_perm(entry), name);
      case AE_IFLNK:
        return note_link(reader, entry, *parts, name);
      default:
        return bad_zip("the entry " + name_in_quotes(name) + " is neither file, folder nor link");
    }
  }

  // To Lambda '\\' is a character like any other.
  std::string true_name(std::string name) const {
    if (backslashed_.empty()) return name;
    std::string raw = name;
    std::replace(raw.begin(), raw.end(), '/', '\\');
    return backslashed_.contains(raw) ? raw : name;
  }

  static Error in_the_way(std::string_view name) {
    return bad_zip("the entry " + name_in_quotes(name) + " is in the way of another one");
  }

  // What errno says about making the entry: the archive's fault or the disk's.
  static Error failed(const std::string& name) {
    switch (errno) {
      case EEXIST:
      case ENOTDIR:
      case EISDIR:
      case ELOOP:
      case ENOTEMPTY:
        return in_the_way(name);
      default:
        return unpack_error(name);
    }
  }

  // Opens the folder that is named by the first `depth` parts, making what is not there. No part
  // may be a link.
  Result<UniqueFd> enter_folder(const Parts& parts, size_t depth) {
    UniqueFd at(fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    for (size_t i = 0; i < depth; ++i) {
      if (mkdirat(at.get(), parts[i].c_str(), 0755) == 0) {
        if (auto counted = count_entry(); !counted) return counted.error();
        if (fchmodat(at.get(), parts[i].c_str(), 0755, 0) != 0) return unpack_error(parts[i]);
      } else if (errno != EEXIST) {
        return failed(join_parts(parts));
      }
      UniqueFd next(
          openat(at.get(), parts[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!next) return failed(join_parts(parts));
      at = std::move(next);
    }
    return at;
  }

  Result<void> write_file(archive* reader, const Parts& parts, mode_t mode,
                          const std::string& name) {
    if (links_.contains(parts)) return in_the_way(name);
    auto folder = enter_folder(parts, parts.size() - 1);
    if (!folder) return folder.error();
    const char* last = parts.back().c_str();
    // The later of two entries of one name wins, as with unzip.
    if (unlinkat(folder->get(), last, 0) != 0 && errno != ENOENT) return failed(name);
    UniqueFd file(
        openat(folder->get(), last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return failed(name);
    const void* block = nullptr;
    size_t size = 0;
    la_int64_t offset = 0, end = 0;
    while (true) {
      const int code = archive_read_data_block(reader, &block, &size, &offset);
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK) return reader_error(reader);
      if (offset < end) return bad_zip();
      if (auto wanted = go_on(); !wanted) return wanted;
      // Counts holes as well: offset is where the bytes go.
      bytes_ += static_cast<int64_t>(size) + (offset - end);
      if (bytes_ > limits_.max_bytes) {
        return Error{
            ErrorKind::kInvalid, "InvalidParameterValueException",
            "Unzipped size must be smaller than " + std::to_string(limits_.max_bytes) + " bytes"};
      }
      if (auto done = write_all(file.get(), block, size, offset, name); !done) return done;
      end = offset + static_cast<la_int64_t>(size);
    }
    if (fchmod(file.get(), safe_mode(mode)) != 0) return unpack_error(name);
    return {};
  }

  static Result<void> write_all(int fd, const void* data, size_t size, la_int64_t offset,
                                const std::string& name) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t n = pwrite(fd, at, size, offset);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return unpack_error(name);
      at += n;
      offset += n;
      size -= static_cast<size_t>(n);
    }
    return {};
  }

  // A link's target is the entry's content; libarchive has read it for us, or not, depending on the
  // archive.
  Result<void> note_link(archive* reader, archive_entry* entry, const Parts& parts,
                         const std::string& name) {
    const char* target = archive_entry_symlink(entry);
    if (!target) target = archive_entry_symlink_utf8(entry);
    if (parts.empty() || !target || !*target || std::strlen(target) > kMaxPathBytes) {
      return bad_zip("the link " + name_in_quotes(name) + " has no usable target");
    }
    auto folder = enter_folder(parts, parts.size() - 1);
    if (!folder) return folder.error();
    if (faccessat(folder->get(), parts.back().c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
      return in_the_way(name);
    }
    links_.add(parts, target);
    archive_read_data_skip(reader);
    return {};
  }

  Result<void> make_links() {
    if (const auto escape = links_.find_escape()) {
      return bad_zip("the link " + name_in_quotes(*escape) + " leads out of the package");
    }
    for (const auto& [path, target] : links_.links()) {
      const auto parts = split_entry_name(path);
      auto folder = enter_folder(*parts, parts->size() - 1);
      if (!folder) return folder.error();
      if (symlinkat(target.c_str(), folder->get(), parts->back().c_str()) != 0) {
        return failed(path);
      }
    }
    return {};
  }

  UniqueFd root_;
  UnzipLimits limits_;
  int64_t entries_;  // that may still come
  std::set<std::string> backslashed_;
  LinkSet links_;
  int64_t made_ = 0;   // entries, and folders that names imply
  int64_t bytes_ = 0;  // of all files
};

}  // namespace

Result<void> unzip(std::string_view zip, const std::string& dir, const UnzipLimits& limits) {
  if (is_empty_zip(zip)) {
    return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                 "Uploaded file must be a non-empty zip"};
  }
  if (!is_directory_clear(zip)) return bad_zip("the zip64 records at its end are damaged");
  if (auto there = archive_library().load(); !there) return there;
  const Utf8Names utf8_names;
  const std::unique_ptr<archive, ArchiveCloser> reader(archive_read_new());
  if (!reader) return Error{ErrorKind::kInternal, "ServiceException", "Out of memory."};
  // The seekable reader goes by the archive's directory at the end, as every unzip does; the
  // streaming one would also take what only begins like a zip.
  if (archive_read_support_format_zip_seekable(reader.get()) != ARCHIVE_OK ||
      archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK) {
    return reader_error(reader.get());
  }
  if (const auto special = find_special_entry(zip)) {
    return bad_zip("the entry " + name_in_quotes(*special) + " is neither file, folder nor link");
  }
  const auto entries = check_names(zip, limits.max_entries);
  if (!entries) return entries.error();
  UniqueFd root(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) return unpack_error(dir);
  return Unpacker(std::move(root), limits, *entries, backslash_names(zip)).run(reader.get());
}

}  // namespace kiln::store
