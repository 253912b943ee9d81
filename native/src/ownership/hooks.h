/* Which system calls are intercepted, and who answers each. */
#ifndef HOOKS_H
#define HOOKS_H

#include "ownership/call.h"
#include "step/spec.h"

/* Chooses what is intercepted. Call it once, before the fork that parts the process that
 * answers from the process that is filtered. */
void choose_hooks(const struct spec *spec);
/* Filters this process and all that it starts; returns the listener, -1 with errno. Last thing before exec. */
int install_hooks(void);
struct reply answer(const struct call *call);

#endif
