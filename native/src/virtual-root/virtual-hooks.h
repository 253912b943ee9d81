/* Which system calls of a virtual root are allowed, answered, or refused. Whatever is not in the list is refused, so
 * that a call that a newer kernel has never reaches the host's files. */
#ifndef VIRTUAL_HOOKS_H
#define VIRTUAL_HOOKS_H

#include "ownership/call.h"

/* Filters this process and all that it starts; returns the listener, -1 with errno. */
int install_virtual_hooks(void);
struct reply answer_virtually(const struct call *call);

#endif
