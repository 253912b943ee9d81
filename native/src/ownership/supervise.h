#ifndef SUPERVISE_H
#define SUPERVISE_H

#include <stdbool.h>

#include "ownership/call.h"

struct supervisor;

/* `answer` is asked about every call. */
struct supervisor *start_supervisor(int listener, struct reply (*answer)(const struct call *));
/* Waits until something calls; false when nobody is left who could. */
bool wait_for_call(struct supervisor *supervisor);
/* Answers the next call; the listener must be readable. */
void answer_next(struct supervisor *supervisor);

#endif
