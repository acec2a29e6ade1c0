#include "store/code_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "base/code_folder.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/stopping.h"
#include "store/unzip.h"

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnfinishedPrefix = ".new-";
constexpr const char* kLayersPrefix = "layers-";

Error disk_error(const std::string& path, const std::string& why) {
  return {ErrorKind::kInternal, "ServiceException",
          "The package could not be stored in " + path + ": " + why +
              ". Check the disk of the data folder."};
}

void remove_quietly(const std::string& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

std::string bytes_of_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return out;
}

// Bytes of the files below `dir`; links count nothing.
int64_t bytes_below(const std::string& dir) {
  int64_t bytes = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->symlink_status(ec).type() == fs::file_type::regular)
      bytes += static_cast<int64_t>(it->file_size(ec));
  }
  return bytes;
}

// Puts all that is in `from` into `to`: folders are made, files are linked, links are copied. What
// is there already gives way, unless both are folders. No link is followed.
Result<void> lay_over(const std::string& from, const std::string& to,
                      const std::stop_token& ending) {
  std::error_code ec;
  for (fs::recursive_directory_iterator it(from, ec), end; !ec && it != end; it.increment(ec)) {
    if (ending.stop_requested())
      return stopping("ServiceException", "The layers were not put together");
    const fs::path target = to / it->path().lexically_relative(from);
    const auto type = it->symlink_status(ec).type();
    const auto there = fs::symlink_status(target, ec).type();
    const bool is_folder = type == fs::file_type::directory;
    if (is_folder && there == fs::file_type::directory) continue;
    if (there != fs::file_type::not_found) fs::remove_all(target, ec);
    ec.clear();
    if (is_folder) {
      fs::create_directory(target, ec);
      if (!ec) fs::permissions(target, fs::perms(0755), ec);
    } else if (type == fs::file_type::symlink) {
      fs::copy_symlink(it->path(), target, ec);
    } else {
      fs::create_hard_link(it->path(), target, ec);
    }
    if (ec) break;
  }
  if (ec) return disk_error(to, ec.message());
  return {};
}

Result<void> write_file(const std::string& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) return disk_error(path, std::strerror(errno));
  return {};
}

}  // namespace

CodeStore::CodeStore(std::string root, CodeLimits limits, std::stop_token ending)
    : root_(std::move(root)), limits_(limits), ending_(std::move(ending)) {}

Result<model::CodeLocation> CodeStore::add_zip(std::string_view zip, ZipSource source) {
  if (source == ZipSource::kRequest && static_cast<int64_t>(zip.size()) > limits_.max_zip_bytes) {
    return Error{
        ErrorKind::kTooLarge, "RequestEntityTooLargeException",
        "Zipped size must be smaller than " + std::to_string(limits_.max_zip_bytes) + " bytes"};
  }
  const std::string key = sha256_hex(zip);
  model::CodeLocation location;
  location.sha256_base64 = base64_encode(bytes_of_hex(key));
  location.size_bytes = static_cast<int64_t>(zip.size());
  location.zip_sha_hex = key;

  bool there;
  {
    const MutexLock lock(mutex_);
    there = fs::is_directory(folder(key)) && fs::exists(folder(key) + ".zip");
    if (there) added_[key] = ++last_number_;
  }
  if (!there) {
    const std::string unfinished = begin_unfinished();
    const Result<void> installed = install(zip, key, unfinished);
    finish_unfinished(unfinished);
    if (!installed) return installed.error();
  }
  location.unpacked_bytes = bytes_below(folder(key));
  return location;
}

std::string CodeStore::begin_unfinished() {
  std::string unfinished = std::string(kUnfinishedPrefix) + new_hex(8);
  const MutexLock lock(mutex_);
  unfinished_.insert(unfinished);
  unfinished_.insert(unfinished + ".zip");
  return unfinished;
}

void CodeStore::finish_unfinished(const std::string& unfinished) {
  remove_quietly(root_ + "/" + unfinished);
  remove_quietly(root_ + "/" + unfinished + ".zip");
  const MutexLock lock(mutex_);
  unfinished_.erase(unfinished);
  unfinished_.erase(unfinished + ".zip");
}

Result<std::string> CodeStore::merge(const std::vector<std::string>& keys) {
  std::string joined;
  for (const std::string& each : keys) joined += each + "\n";
  const std::string key = keys.size() == 1 ? keys[0] : kLayersPrefix + sha256_hex(joined);
  {
    const MutexLock lock(mutex_);
    if (fs::is_directory(folder(key))) {
      added_[key] = ++last_number_;
      return key;
    }
    for (const std::string& each : keys) {
      if (!fs::is_directory(folder(each)))
        return disk_error(folder(each), "the package has been removed");
      added_[each] = ++last_number_;
    }
  }
  const std::string unfinished = begin_unfinished();
  const auto make = [&]() -> Result<void> {
    const std::string dir = folder(unfinished);
    std::error_code ec;
    fs::create_directory(dir, ec);
    if (ec) return disk_error(dir, ec.message());
    if (::chmod(dir.c_str(), 0755) != 0) return disk_error(dir, std::strerror(errno));
    for (const std::string& each : keys) {
      if (auto laid = lay_over(folder(each), dir, ending_); !laid) return laid;
    }
    const MutexLock lock(mutex_);
    // Another thread may have made the same folder meanwhile.
    if (::rename(dir.c_str(), folder(key).c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST)
      return disk_error(folder(key), std::strerror(errno));
    added_[key] = ++last_number_;
    return {};
  };
  const Result<void> made = make();
  finish_unfinished(unfinished);
  if (!made) return made.error();
  return key;
}

Result<void> CodeStore::install(std::string_view zip, const std::string& key,
                                const std::string& unfinished) {
  const std::string dir = root_ + "/" + unfinished, file = dir + ".zip";
  std::error_code ec;
  // Not the data folder: where that has gone, it may be put back.
  fs::create_directory(root_, ec);
  if (!ec) fs::create_directory(dir, ec);
  if (ec) return disk_error(dir, ec.message());
  // Sandboxed code runs as another user, whatever the umask says.
  if (::chmod(dir.c_str(), 0755) != 0) return disk_error(dir, std::strerror(errno));
  const UnzipLimits limits{limits_.max_unzipped_bytes, limits_.max_entries, ending_};
  if (auto done = unzip(zip, dir, limits); !done) return done;
  if (auto done = write_file(file, zip); !done) return done;

  const MutexLock lock(mutex_);
  const std::string final_dir = root_ + "/" + key;
  if (::rename(file.c_str(), (final_dir + ".zip").c_str()) != 0) {
    return disk_error(final_dir + ".zip", std::strerror(errno));
  }
  // Another thread may have added the same package meanwhile: one is as good as the other.
  if (::rename(dir.c_str(), final_dir.c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST) {
    return disk_error(final_dir, std::strerror(errno));
  }
  added_[key] = ++last_number_;
  return {};
}

Result<model::CodeLocation> CodeStore::add_hot_reload(const std::string& dir) const {
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                 "The hot-reload folder '" + dir + "' " + why +
                     ". Give the absolute path of an existing folder as S3Key."};
  };
  if (!dir.starts_with('/')) return refuse("is not an absolute path");
  if (dir.find('\0') != std::string::npos) return refuse("is not a path");
  std::error_code ec;
  if (!fs::is_directory(dir, ec)) {
    return refuse(fs::exists(dir, ec) ? "is not a folder" : "does not exist");
  }
  if (::access(dir.c_str(), R_OK | X_OK) != 0) return refuse("can't be read");
  if (readers_ == CodeReaders::kOthers)
    if (const std::string why = why_closed_to_others(dir); !why.empty())
      return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                   "The hot-reload folder '" + dir + "' " + why + "."};
  model::CodeLocation location;
  location.hot_reload_dir = fs::path(dir).lexically_normal().string();
  if (location.hot_reload_dir.size() > 1 && location.hot_reload_dir.ends_with('/')) {
    location.hot_reload_dir.pop_back();
  }
  location.sha256_base64 = sha256_base64(location.hot_reload_dir);
  return location;
}

std::string CodeStore::task_dir(const model::CodeLocation& code) const {
  return code.hot_reload_dir.empty() ? root_ + "/" + code.zip_sha_hex : code.hot_reload_dir;
}

std::string CodeStore::zip_path(const model::CodeLocation& code) const {
  return code.zip_sha_hex.empty() ? std::string() : root_ + "/" + code.zip_sha_hex + ".zip";
}

std::shared_ptr<const void> CodeStore::pin(const std::string& key) {
  if (key.empty()) return nullptr;
  const MutexLock lock(mutex_);
  const auto place = pinned_.try_emplace(key, 0).first;
  ++place->second;
  return {&place->second, [this, its_key = place->first](const void*) {
            const MutexLock unpin(mutex_);
            const auto at = pinned_.find(its_key);
            if (--at->second == 0) pinned_.erase(at);
          }};
}

CodeStore::Hold CodeStore::hold_since(uint64_t number) {
  holds_.insert(number);
  return {new uint64_t(number), [this](const uint64_t* its_number) {
            const MutexLock end(mutex_);
            holds_.erase(holds_.find(*its_number));
            delete its_number;
          }};
}

CodeStore::Hold CodeStore::hold() {
  const MutexLock lock(mutex_);
  return hold_since(++last_number_);
}

CodeStore::Hold CodeStore::hold_for_collect() {
  const MutexLock lock(mutex_);
  return hold_since(holds_.empty() ? ++last_number_ : *holds_.begin());
}

void CodeStore::collect(const std::set<std::string>& used, const Hold& since) {
  KILN_REQUIRE(since != nullptr);
  const MutexLock lock(mutex_);
  // Other holds may be older than this one.
  const uint64_t oldest = *holds_.begin();
  std::erase_if(added_, [oldest](const auto& item) { return item.second < oldest; });
  std::error_code ec;
  std::vector<std::string> doomed;
  for (const auto& entry : fs::directory_iterator(root_, ec)) {
    const std::string name = entry.path().filename().string();
    if (unfinished_.contains(name)) continue;
    const std::string key = name.ends_with(".zip") ? name.substr(0, name.size() - 4) : name;
    if (used.contains(key) || added_.contains(key) || pinned_.contains(key)) continue;
    doomed.push_back(entry.path().string());
  }
  for (const std::string& path : doomed) remove_quietly(path);
}

}  // namespace kiln::store
