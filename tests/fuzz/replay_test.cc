// Runs a fuzz target in a normal build: over its corpus, and over mutations of it that are the same
// in every run. A target fails by ending the process.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

// In name order, so that the mutations do not depend on the file system.
std::vector<std::string> corpus() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(KILN_FUZZ_CORPUS)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::stringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    inputs.push_back(content.str());
  }
  return inputs;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& inputs) : inputs_(inputs) {}

  std::string next() {
    std::string input = inputs_[below(inputs_.size())];
    for (uint64_t i = 0; i <= below(8); ++i) mutate(input);
    return input;
  }

 private:
  // xorshift64
  uint64_t random() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  uint64_t below(uint64_t end) { return end == 0 ? 0 : random() % end; }

  void mutate(std::string& input) {
    static const std::vector<std::string> kPieces = {"%",
                                                     "%2",
                                                     "%00",
                                                     "..",
                                                     "/",
                                                     "//",
                                                     "=",
                                                     "&",
                                                     "+",
                                                     "\"",
                                                     "\\",
                                                     "-",
                                                     "{",
                                                     "[",
                                                     "]",
                                                     "\n",
                                                     "\xff",
                                                     "\0",
                                                     "member",
                                                     ".1",
                                                     "PK\x01\x02",
                                                     "PK\x03\x04",
                                                     "PK\x05\x06",
                                                     "\xff\xff\xff\xff",
                                                     "2026-01-21T11:30:00.000Z "};
    const size_t at = below(input.size() + 1);
    switch (below(7)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(random());
        break;
      case 2:
        input.erase(at, below(16));
        break;
      case 3:
        input.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 4:  // a part twice
        input.insert(at, input.substr(below(input.size() + 1), below(64)));
        break;
      case 5: {  // the end of another one
        const std::string& other = inputs_[below(inputs_.size())];
        input = input.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      default: {  // a little-endian number somewhere
        const uint64_t number = random() >> below(64);
        for (size_t i = 0; i < 4 && at + i < input.size(); ++i) {
          input[at + i] = static_cast<char>(number >> (8 * i));
        }
      }
    }
  }

  const std::vector<std::string>& inputs_;
  uint64_t state_ = 0x9e3779b97f4a7c15;
};

TEST(KILN_FUZZ_SUITE, Corpus) {
  const auto inputs = corpus();
  ASSERT_FALSE(inputs.empty()) << "no corpus in " << KILN_FUZZ_CORPUS;
  run("");
  for (const std::string& input : inputs) run(input);
}

TEST(KILN_FUZZ_SUITE, Mutations) {
  const auto inputs = corpus();
  ASSERT_FALSE(inputs.empty());
  Mutator mutator(inputs);
  for (int i = 0; i < KILN_FUZZ_MUTATIONS; ++i) run(mutator.next());
}

}  // namespace
