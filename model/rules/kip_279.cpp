// Before KIP-279 (2.0, KAFKA-6361) a leader answered OffsetsForLeaderEpoch with an offset alone: where its next
// larger epoch begins. A follower whose last epoch the leader never saw took that offset for the end of what they
// share and kept records of its own below it, beside the leader's; and where the leader knew no larger epoch, the
// follower fell back on its high watermark (KIP-101's hole again).
#include <algorithm>

#include "model/rules/history.h"

namespace model {
namespace {

EpochEnd answer_start_of_next_epoch(const Log& log, LeaderEpoch epoch) {
  if (epoch == kNoEpoch || log.epochs.empty()) return {};
  if (epoch == log.latest_epoch()) return {kNoEpoch, log.end()};
  if (epoch < log.epochs[0].epoch) return {};
  const EpochStart* next =
      std::find_if(log.epochs.begin(), log.epochs.end(), [&](const EpochStart& entry) { return entry.epoch > epoch; });
  return next == log.epochs.end() ? EpochEnd{} : EpochEnd{kNoEpoch, next->start};
}

}  // namespace

void before_kip_279(Rules& rules) {
  rules.truncation = TruncationProtocol::offsets_for_leader_epoch;
  rules.answer_epoch_end = answer_start_of_next_epoch;
}

}  // namespace model
