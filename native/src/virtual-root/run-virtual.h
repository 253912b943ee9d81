#ifndef RUN_VIRTUAL_H
#define RUN_VIRTUAL_H

struct spec;

/* A step where nothing may be mounted: the launcher answers the step's calls that take names. */
_Noreturn void run_virtually(const struct spec *spec);

#endif
