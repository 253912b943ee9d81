#ifndef LIMITS_H
#define LIMITS_H

#include <stddef.h>

struct step_limit;

/* The resource of a name such as `nofile`, -1 for none. */
int find_limit(const char *name);
/* Sets all limits but that of the resource `except`. */
void apply_limits(const struct step_limit *limits, size_t count, int except);

#endif
