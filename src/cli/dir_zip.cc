#include "cli/dir_zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include "base/code_folder.h"
#include "base/libarchive.h"
#include "cli/size_text.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

constexpr time_t kFixedTime = 315'532'800;  // 1980-01-01, the first day a zip archive can name

Error invalid(std::string message) {
  return Error{ErrorKind::kInvalid, "Usage", std::move(message)};
}

Error unreadable(const std::string& path, const std::string& why) {
  return invalid("can't read '" + path + "': " + why + "; let your user read it, or name it in " +
                 kIgnoreFile + " to leave it out");
}

constexpr size_t kLargestNamed = 5;  // files that a refusal names

struct Found {
  std::string path;  // relative
  mode_t mode = 0;
  int64_t size = 0;  // of a regular file
};

struct Walk {
  std::vector<Found> found;
  std::vector<LeftOut> left_out;
};

Result<Walk> walk(const std::string& dir, Pick pick) {
  const CodeFolder code = CodeFolder::open(dir);
  std::error_code ec;
  fs::recursive_directory_iterator it(dir, ec);
  Walk walk;
  std::string at = dir;  // what an error of `increment` is about: the folder that it would enter
  for (; !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
    struct stat st {};
    at = it->path().string();
    if (lstat(at.c_str(), &st) != 0) return unreadable(at, std::strerror(errno));
    std::string path = it->path().lexically_relative(dir).generic_string();
    const EntryKind kind = S_ISDIR(st.st_mode) ? EntryKind::kFolder : EntryKind::kFile;
    if (pick == Pick::kCode) {
      if (std::string why = code.why_left_out(path, kind); !why.empty()) {
        walk.left_out.push_back({std::move(path), std::move(why)});
        if (kind == EntryKind::kFolder) it.disable_recursion_pending();
        continue;
      }
    }
    walk.found.push_back({std::move(path), st.st_mode, S_ISREG(st.st_mode) ? st.st_size : 0});
  }
  if (ec) return unreadable(at, ec.message());
  const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
  std::sort(walk.found.begin(), walk.found.end(), by_path);
  std::sort(walk.left_out.begin(), walk.left_out.end(), by_path);
  return walk;
}

// Says which files make a folder too large.
Error too_large(const std::string& dir, std::vector<Found> found, int64_t total,
                int64_t max_bytes) {
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.size > b.size; });
  if (found.size() > kLargestNamed) found.resize(kLargestNamed);
  std::string message = "the folder '" + dir + "' holds " + size_text(total) +
                        "; unpacked code may have " + size_text(max_bytes) + ". The largest files:";
  for (const Found& file : found) message += "\n  " + size_text(file.size) + "  " + file.path;
  return invalid(message + "\nName what the function doesn't need in " + kIgnoreFile + ".");
}

// A link may point anywhere inside the folder; never out of it, where the function could not follow
// it.
Result<std::string> checked_link(const std::string& dir, const std::string& relative) {
  std::error_code ec;
  const fs::path target = fs::read_symlink(fs::path(dir) / relative, ec);
  if (ec) return invalid("can't read the link '" + relative + "': " + ec.message());
  const fs::path landed = (fs::path(relative).parent_path() / target).lexically_normal();
  if (target.is_absolute() || (!landed.empty() && *landed.begin() == "..")) {
    return invalid("the link '" + relative + "' points to '" + target.string() +
                   "', outside the folder; replace it with the file itself");
  }
  return target.string();
}

// libarchive reads and writes names in the locale's character set. Here they are UTF-8, whatever
// the user's locale is.
class Utf8Names {
 public:
  Utf8Names() : utf8_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (utf8_ != nullptr) before_ = uselocale(utf8_);
  }
  ~Utf8Names() {
    if (utf8_ == nullptr) return;
    uselocale(before_);
    freelocale(utf8_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t utf8_;
  locale_t before_ = nullptr;
};

struct WriteCloser {
  void operator()(archive* a) const { archive_write_free(a); }
};
struct ReadCloser {
  void operator()(archive* a) const { archive_read_free(a); }
};
struct EntryCloser {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

la_ssize_t append_to_string(archive*, void* sink, const void* data, size_t length) {
  static_cast<std::string*>(sink)->append(static_cast<const char*>(data), length);
  return static_cast<la_ssize_t>(length);
}

Error write_error(archive* writer, const std::string& path) {
  const char* text = archive_error_string(writer);
  return invalid("can't pack '" + path + "': " + (text != nullptr ? text : "unknown error"));
}

Result<void> copy_file(archive* writer, const fs::path& path, const std::string& relative) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(path.string(), std::strerror(errno));
  std::array<char, 65536> block{};
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    if (archive_write_data(writer, block.data(), static_cast<size_t>(file.gcount())) < 0) {
      return write_error(writer, relative);
    }
  }
  if (file.bad()) return unreadable(path.string(), std::strerror(errno));
  return {};
}

// `found` lies below `dir`.
Result<std::string> zip_of(const std::string& dir, const std::vector<Found>& found) {
  if (auto there = archive_library().load(); !there) return there.error();
  std::string zip;
  const Utf8Names utf8_names;
  const std::unique_ptr<archive, WriteCloser> writer(archive_write_new());
  archive_write_set_format_zip(writer.get());
  // No padding to tape blocks after the end.
  archive_write_set_bytes_per_block(writer.get(), 0);
  if (archive_write_open2(writer.get(), &zip, nullptr, append_to_string, nullptr, nullptr) !=
      ARCHIVE_OK) {
    return write_error(writer.get(), dir);
  }
  for (const Found& item : found) {
    const fs::path full = fs::path(dir) / item.path;
    const std::unique_ptr<archive_entry, EntryCloser> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), item.path.c_str());
    archive_entry_set_mtime(entry.get(), kFixedTime, 0);
    archive_entry_set_mode(entry.get(), item.mode);
    if (S_ISLNK(item.mode)) {
      Result<std::string> target = checked_link(dir, item.path);
      if (!target) return target.error();
      archive_entry_set_symlink(entry.get(), target->c_str());
      archive_entry_set_size(entry.get(), 0);
    } else if (S_ISREG(item.mode)) {
      archive_entry_set_size(entry.get(), item.size);
    } else if (!S_ISDIR(item.mode)) {
      return invalid("'" + full.string() + "' is neither a file, a folder nor a link");
    }
    if (archive_write_header(writer.get(), entry.get()) < ARCHIVE_WARN) {
      return write_error(writer.get(), item.path);
    }
    if (S_ISREG(item.mode)) {
      if (Result<void> copied = copy_file(writer.get(), full, item.path); !copied) {
        return copied.error();
      }
    }
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return write_error(writer.get(), dir);
  return zip;
}

enum class Next { kGoOn, kStop };

// Shows each file of the archive to `look`: (archive*, archive_entry*, name).
template <typename Look>
Result<void> each_entry(const std::string& zip, Look look) {
  if (auto there = archive_library().load(); !there) return there.error();
  const Utf8Names utf8_names;
  const std::unique_ptr<archive, ReadCloser> reader(archive_read_new());
  archive_read_support_format_zip_seekable(reader.get());
  const Error not_zip = invalid("the file is not a zip archive");
  if (archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK) return not_zip;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) >= ARCHIVE_WARN &&
         status != ARCHIVE_EOF) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr || archive_entry_filetype(entry) == AE_IFDIR) continue;
    if (look(reader.get(), entry, std::string(name)) == Next::kStop) return {};
  }
  if (status != ARCHIVE_EOF) return not_zip;
  return {};
}

}  // namespace

Result<PackedFolder> pack_folder(const std::string& dir, Pick pick, int64_t max_bytes) {
  Result<Walk> walked = walk(dir, pick);
  if (!walked) return walked.error();
  const std::vector<Found>& found = walked->found;
  if (found.empty()) {
    return invalid(walked->left_out.empty() ? "the folder '" + dir + "' is empty; nothing to run"
                                            : "nothing in the folder '" + dir + "' is code: " +
                                                  walked->left_out.front().path + " is left out (" +
                                                  walked->left_out.front().why + ")");
  }
  PackedFolder packed;
  packed.left_out = std::move(walked->left_out);
  for (const Found& item : found) {
    if (!S_ISDIR(item.mode)) ++packed.files;
    packed.bytes += item.size;
  }
  if (packed.bytes > max_bytes) return too_large(dir, found, packed.bytes, max_bytes);
  Result<std::string> zip = zip_of(dir, found);
  if (!zip) return zip.error();
  packed.zip = std::move(*zip);
  return packed;
}

Result<std::string> pack_file(const std::string& file) {
  struct stat st {};
  if (stat(file.c_str(), &st) != 0)
    return invalid("can't read '" + file + "': " + std::strerror(errno));
  if (!S_ISREG(st.st_mode)) return invalid("'" + file + "' is not a file");
  const fs::path path(file);
  const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  return zip_of(folder, {{path.filename().string(), st.st_mode, st.st_size}});
}

Result<std::vector<CodeEntry>> zip_entries(const std::string& zip) {
  std::vector<CodeEntry> entries;
  const Result<void> read =
      each_entry(zip, [&](archive*, archive_entry* entry, const std::string& name) {
        entries.push_back({name, (archive_entry_mode(entry) & 0111U) != 0});
        return Next::kGoOn;
      });
  if (!read) return read.error();
  return entries;
}

Result<std::string> zip_content(const std::string& zip, const std::string& path, size_t max_bytes) {
  std::optional<std::string> content;
  const Result<void> read =
      each_entry(zip, [&](archive* reader, archive_entry*, const std::string& name) {
        if (name != path) return Next::kGoOn;
        std::string text;
        const void* block = nullptr;
        size_t size = 0;
        la_int64_t offset = 0;
        int status = ARCHIVE_OK;
        while (text.size() <= max_bytes &&
               (status = archive_read_data_block(reader, &block, &size, &offset)) == ARCHIVE_OK)
          text.append(static_cast<const char*>(block), size);
        if (status == ARCHIVE_EOF) content = std::move(text);
        return Next::kStop;
      });
  if (!read) return read.error();
  if (!content) return invalid("can't read '" + path + "' in the archive");
  return *std::move(content);
}

Result<std::vector<CodeEntry>> code_entries(const std::string& dir) {
  Result<Walk> walked = walk(dir, Pick::kCode);
  if (!walked) return walked.error();
  std::vector<CodeEntry> entries;
  for (const Found& item : walked->found) {
    if (!S_ISDIR(item.mode)) entries.push_back({item.path, (item.mode & 0111U) != 0});
  }
  return entries;
}

}  // namespace kiln::cli
