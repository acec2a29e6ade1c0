#include "engine/stored_documents.h"

namespace kiln::engine {

void StoredDocuments::load(const StoredDocument& document) const {
  for (const Owner& owner : owners_) {
    if (!owner.owns(document.kind)) continue;
    if (auto loaded = owner.load(document); !loaded)
      warn_("the stored " + document.kind + " " + document.key + " (" + document.region +
            ") can't be read and is left out: " + loaded.error().message);
    return;
  }
}

}  // namespace kiln::engine
