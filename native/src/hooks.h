/* Which system calls are intercepted, and who answers each. */
#ifndef HOOKS_H
#define HOOKS_H

#include <stdbool.h>

#include "call.h"

/* Filters this process and all that it starts; returns the listener, -1 with errno. Last thing before exec. */
int install_hooks(bool virtual_capabilities);
struct reply answer(const struct call *call);

#endif
