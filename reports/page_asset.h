// What reports/page is built to, as reports/page/embed.py puts it into the program.
#pragma once

#include <string_view>

namespace reports {

struct PageAsset {
  std::string_view script, style;
  std::string_view script_hash, style_hash;  // as a content policy names them: "sha256-…"
};
PageAsset page_asset();

}  // namespace reports
