// Hands each document of the store to the part that owns its kind, when the engine starts.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace kiln::engine {

struct StoredDocument {
  std::string kind, region, key, text;
};

class StoredDocuments {
 public:
  // Told in one line of each document that its owner can't read; the others are loaded all the
  // same.
  using Warn = std::function<void(const std::string& line)>;
  explicit StoredDocuments(Warn warn) : warn_(std::move(warn)) {}

  using Owns = bool (*)(const std::string& kind);
  using Load = std::function<Result<void>(const StoredDocument&)>;
  void add(Owns owns, Load load) { owners_.push_back({owns, std::move(load)}); }

  // To the first owner of the kind; a document of nobody is passed over.
  void load(const StoredDocument& document) const;

 private:
  struct Owner {
    Owns owns;
    Load load;
  };
  Warn warn_;
  std::vector<Owner> owners_;
};

}  // namespace kiln::engine
