#include <list>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "cache.h"

namespace optimized_cold_start {
namespace {

constexpr size_t kMaxEntries = 10'000;

class MemoryCache final : public Cache {
 public:
  explicit MemoryCache(Now now) : now_(std::move(now)) {}

  std::optional<std::string> get(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    const auto entry = found->second;
    if (entry->expires <= now_()) {
      erase(entry);
      return std::nullopt;
    }
    recent_.splice(recent_.begin(), recent_, entry);
    return entry->value;
  }

  void set(const std::string& key, const std::string& value, std::chrono::seconds ttl) override {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_key_.find(key); found != by_key_.end()) erase(found->second);
    recent_.push_front({key, value, now_() + ttl});
    by_key_.emplace(recent_.front().key, recent_.begin());
    if (recent_.size() > kMaxEntries) erase(std::prev(recent_.end()));
  }

 private:
  struct Entry {
    std::string key;
    std::string value;
    std::chrono::steady_clock::time_point expires;
  };
  using Entries = std::list<Entry>;

  void erase(Entries::iterator entry) {
    by_key_.erase(entry->key);
    recent_.erase(entry);
  }

  const Now now_;
  std::mutex mutex_;
  Entries recent_;  // the last used first
  std::unordered_map<std::string_view, Entries::iterator> by_key_;
};

}  // namespace

std::unique_ptr<Cache> make_memory_cache(Now now) {
  return std::make_unique<MemoryCache>(std::move(now));
}

}  // namespace optimized_cold_start
