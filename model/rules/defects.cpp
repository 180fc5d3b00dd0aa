#include "model/rules/defects.h"

#include <vector>

namespace model {

std::span<const Defect> defects() {
  static const std::vector<Defect> kDefects = [] {
    std::vector<Defect> all;
    for (const auto& area : {control_defects(), high_watermark_defects(), isr_defects(), log_defects(),
                             client_defects(), liveness_defects(), quorum_defects(), kraft_defects()}) {
      all.insert(all.end(), area.begin(), area.end());
    }
    return all;
  }();
  return kDefects;
}

const Defect* find_defect(std::string_view name) {
  for (const Defect& defect : defects()) {
    if (defect.name == name) return &defect;
  }
  return nullptr;
}

}  // namespace model
