/* model_training — Fellegi–Sunter weights from counts alone (Fellegi and Sunter 1969; EM after
 * Winkler 1988, with u held fixed and blocked fields held out as Linacre et al. 2022).
 *
 * u comes from random pairs and value frequencies, identifiers' u from how many records share a
 * value; m from EM over (mask, pattern) counts: a pair trains a comparison only through a blocking
 * rule that does not use it. Where the data hold too little, the types' priors speak. Everything is
 * summed in canonical order with elementary operations only (no libm), so every CPU gives the same
 * integers. */
#ifndef GUIYI_COORDINATOR_MODEL_TRAINING_H
#define GUIYI_COORDINATOR_MODEL_TRAINING_H

#include "common/model.h"
#include "common/training_counts.h"

/* What one blocking rule's pairs taught. */
struct training_session {
  uint64_t pairs;          /* that share the rule */
  uint64_t expected_pairs; /* of one entity among them */
};

struct training_report {
  uint32_t iterations;
  bool converged;
  struct training_session sessions[JOB_BLOCKING_RULES_MAX];
};

/* Sorts counts' patterns; overwrites model and report. Any counts give a usable model, none too. */
void model_train(const struct model_spec *spec, struct training_counts *counts, struct model *model,
                 struct training_report *report);

#endif
