// Foreign text (titles, paths, what a run found) inside the formats that reports write. Whatever bytes it has, the
// result is well-formed: bytes that are not UTF-8 become U+FFFD.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reports {

// Length of the well-formed UTF-8 sequence at the beginning of `text`; 0 if there is none. Overlong forms,
// surrogates and values beyond U+10FFFF are not well-formed.
std::size_t utf8_length(std::string_view text);

// For a terminal, on one line: control characters, C1 included, are written out ("\x1b"), so that no text of a file
// can move the cursor or forge a line.
std::string one_line(std::string_view text);

// For XML 1.0: markup is escaped, characters that XML does not allow are written out ("\x1b"). In an attribute line
// breaks and tabs become character references, since a parser would make blanks of them.
std::string xml_text(std::string_view text);
std::string xml_attribute(std::string_view text);

// For a workflow command of GitHub: the message behind "::", or the value of a property before it.
std::string github_message(std::string_view text);
std::string github_property(std::string_view text);

// For a cell of a table in Markdown (as GitHub renders it), which is one line: no markup, no HTML, no mention.
std::string markdown(std::string_view text);

}  // namespace reports
