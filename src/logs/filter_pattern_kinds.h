// The kinds of filter pattern. Each reads the whole of `in`. Parts of FilterPattern.
#pragma once

#include <memory>

#include "logs/filter_pattern.h"
#include "logs/filter_pattern_scan.h"

namespace kiln::logs {

using LogMatcherPtr = std::shared_ptr<const LogMatcher>;

Result<LogMatcherPtr> parse_term_pattern(PatternScanner& in);
Result<LogMatcherPtr> parse_json_pattern(PatternScanner& in);   // { … }
Result<LogMatcherPtr> parse_words_pattern(PatternScanner& in);  // [ … ]

}  // namespace kiln::logs
