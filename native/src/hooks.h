/* Which system calls are intercepted, and who answers each. */
#ifndef HOOKS_H
#define HOOKS_H

#include <stdbool.h>

#include "call.h"

/* Chooses what is intercepted beyond the ordinary calls. Call it once, before the fork that parts the process that
 * answers from the process that is filtered. */
void choose_hooks(bool virtual_capabilities, bool hard_links);
/* Filters this process and all that it starts; returns the listener, -1 with errno. Last thing before exec. */
int install_hooks(void);
struct reply answer(const struct call *call);

#endif
