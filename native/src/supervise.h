#ifndef SUPERVISE_H
#define SUPERVISE_H

#include <stdbool.h>

struct supervisor;

struct supervisor *start_supervisor(int listener);
/* Waits until something calls; false when nobody is left who could. */
bool wait_for_call(struct supervisor *supervisor);
/* Answers the next call; the listener must be readable. */
void answer_next(struct supervisor *supervisor);

#endif
