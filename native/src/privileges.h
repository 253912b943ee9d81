#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>

struct spec;

/* What only privilege can do before the command: a keyring and a session of its own, a host name, a loopback interface. */
void prepare_process(const struct spec *spec);
/* Gives up what the command must not have: capabilities beyond the bounding set, and where it isn't virtual the user itself. */
void drop_privileges(const struct spec *spec);
/* For a process that acts for the step: no more than the step may, but for looking into its processes if `trace`. */
void drop_to_step(const struct spec *spec, bool trace);
void install_filter(const struct spec *spec);

#endif
